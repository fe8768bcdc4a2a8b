//! Two processes: on one export, and on one account.

use std::fs;

use serde_json::json;

use super::process::{Ended, signal};
use super::proxy::{IMPORT, Moment, Proxy, assert_spaced};
use super::site::{FILE, People, Site};

#[test]
fn fault_56_a_second_run_of_an_export_is_refused_and_told_who_runs_it() {
    let mut site = Site::prompt();
    let people = People::first(250);
    site.has(people);
    site.proxy.hold(Moment::Done, IMPORT, 1);
    let first = site.start(&[]);
    site.proxy.wait_held();
    let apart = Proxy::before(site.world.host());
    let host = apart.host();
    let second = ["run", FILE, "--list", "7", "--host", &host, "--key-file", "key"];
    for more in [&["--json"][..], &[]] {
        let second = site.world.enlist(&[&second, more].concat());
        assert_eq!(second.code, 11, "{second:?}");
        let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let holder = format!("export \"people\" is being run by pid {} on {} since 20", first.id(), machine.trim());
        assert!(second.stderr.contains(&format!("error[state::locked]: {holder}")), "{}", second.stderr);
        assert!(second.stderr.contains("(run r_20"), "{}", second.stderr);
        assert!(
            second.stderr.contains("help: wait for it to end, with --lock-timeout 10m for example, or stop"),
            "{}",
            second.stderr
        );
        if !more.is_empty() {
            let document = second.document();
            assert_eq!((&document["status"], &document["retryable"]), (&json!("locked"), &json!(true)), "{document}");
        }
    }
    assert!(apart.calls().is_empty(), "the second run made calls");
    site.proxy.release();
    let first = Ended::of(first.wait_with_output().unwrap());
    assert_eq!(first.code, 0, "{first:?}");
    site.assert_landed(people);
}

#[test]
fn fault_57_two_exports_of_an_account_on_one_machine_share_its_hundred_a_minute() {
    let mut site = Site::prompt();
    let people = People::first(1_250);
    site.has(people);
    fs::copy(site.world.folder().join(FILE), site.world.folder().join("others.csv")).unwrap();
    let host = site.proxy.host();
    let others = ["run", "others.csv", "--list", "7", "--host", &host, "--key-file", "key"];
    // Also one that was killed in between does not add to the rate when it comes back.
    let (first, second) = (site.start(&[]), site.world.background(&others));
    site.proxy.wait_imports(4);
    signal(&first, "KILL");
    first.wait_with_output().unwrap();
    let first = site.start(&[]);
    for run in [first, second] {
        let ended = Ended::of(run.wait_with_output().unwrap());
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    let imports = site.proxy.imports();
    assert!(imports.len() >= 10, "{}", imports.len());
    assert_spaced(&imports);
    site.assert_landed(people);
}
