//! An Arrow stream on standard input.

use std::io::Write;
use std::process::Stdio;

use crate::emails;
use crate::process::Ended;
use crate::world::World;

/// `enlist run - --list 7` fed with `bytes`.
fn piped(world: &World, bytes: &[u8]) -> Ended {
    let arguments = world.to_list_7("run", "-", &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = world.command(&arguments);
    let mut run = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses what it reads closes its end early.
    let _ = run.stdin.take().unwrap().write_all(bytes);
    Ended::of(run.wait_with_output().unwrap())
}

fn stream(world: &World, rows: usize) -> Vec<u8> {
    world.python(&format!(
        "table = pa.table({{'email': [f'p{{n}}@example.com' for n in range({rows})]}})\n\
         with pa.ipc.new_stream('people.arrows', table.schema) as out:\n    \
         out.write_table(table, max_chunksize=100)"
    ));
    std::fs::read(world.folder().join("people.arrows")).unwrap()
}

#[test]
fn a_stream_is_read_to_its_end_mark() {
    let mut world = World::prompt();
    let bytes = stream(&world, 250);
    let run = piped(&world, &bytes);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(emails(&mut world).len(), 250);
}

#[test]
fn fault_84_a_stream_whose_writer_died_ends_with_7_and_sends_nothing() {
    let mut world = World::prompt();
    let bytes = stream(&world, 250);
    // Without its last eight bytes, the end mark, it still ends where a message ends.
    for cut in [bytes.len() - 8, bytes.len() / 2, 1, 0] {
        let run = piped(&world, &bytes[..cut]);
        assert_eq!(run.code, 7, "{cut} of {}: {run:?}", bytes.len());
    }
    assert_eq!(emails(&mut world).len(), 0);
}

#[test]
fn what_is_no_arrow_stream_is_told_what_it_looks_like() {
    let world = World::prompt();
    let run = piped(&world, b"email,first_name\nada@example.com,Ada\n");
    assert_eq!(run.code, 7, "{run:?}");
    assert!(run.stderr.contains("help:"), "{}", run.stderr);
    assert!(!run.stderr.contains("ada@"), "{}", run.stderr);
}
