//! Emails: one spelling each, and never one that the destination refuses.

use std::path::Path;

use proptest::prelude::*;

use super::super::EmailError::{self, *};
use super::super::normalise_email;

#[path = "../../../../fuzz/bodies/corpus.rs"]
mod replay;
#[path = "../../../../fuzz/bodies/email.rs"]
mod rules;

#[test]
fn good_emails_get_one_spelling() {
    let long_local = "a".repeat(64);
    let label = "b".repeat(63);
    let longest = format!("{long_local}@{label}.{label}.{}.com", "c".repeat(254 - 64 - 1 - 128 - 4));
    assert_eq!(longest.len(), 254);
    let unchanged = [
        "ada@example.com",
        "a@b.co",
        "ada.lovelace@example.com",
        "ada+news@example.com",
        "ada_l@example.com",
        "ada-l@example.com",
        "1815@example.com",
        "!#$%&*+-/=?^_`{|}~@example.com",
        "ada@mail.example.com",
        "ada@1.example.com",
        "ada@4you.example.org",
        "ada@ex-ample.com",
        "ada@r3---sn.example.com",
        "ada@xn--bcher-kva.example.com",
        "ada@example.xn--p1ai",
        "ada@example.museum",
        &format!("{long_local}@example.com"),
        &format!("ada@{label}.com"),
        &longest,
    ];
    for email in unchanged {
        assert_eq!(normalise_email(email).as_deref(), Ok(email));
    }
    let respelled = [
        (" ada@example.com ", "ada@example.com"),
        ("\u{a0}ada@example.com\u{3000}", "ada@example.com"),
        ("\tada@example.com\r\n", "ada@example.com"),
        ("Ada@Example.COM", "ada@example.com"),
        ("ADA@EXAMPLE.COM", "ada@example.com"),
        ("ada@BÜCHER.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@bu\u{308}cher.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@XN--BCHER-KVA.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@example.рф", "ada@example.xn--p1ai"),
        ("ada@example。com", "ada@example.com"),
        ("ada@ｅxample.com", "ada@example.com"),
        ("ada@straße.example.com", "ada@xn--strae-oqa.example.com"),
        ("\u{212a}im@example.com", "kim@example.com"),
    ];
    for (written, spelled) in respelled {
        assert_eq!(normalise_email(written).as_deref(), Ok(spelled), "{written}");
    }
}

#[test]
fn bad_emails_are_told_the_rule_they_break() {
    let label = "b".repeat(63);
    let cases: &[(&str, EmailError)] = &[
        ("", Empty),
        ("   ", Empty),
        ("\u{2003}\t", Empty),
        ("ada", NoAt),
        ("example.com", NoAt),
        ("ada@lovelace@example.com", SeveralAt),
        ("ada@@example.com", SeveralAt),
        ("@ada@example.com", SeveralAt),
        ("ada lovelace@example.com", Space),
        ("ada@exam ple.com", Space),
        ("ada\u{0}@example.com", Space),
        ("ada\n@example.com", Space),
        ("ada@\u{7f}example.com", Space),
        ("ada\u{a0}l@example.com", Space),
        ("Ada <ada@example.com>", Space),
        ("@example.com", NoLocal),
        ("\"ada\"@example.com", Forbidden),
        ("a(da)@example.com", Forbidden),
        ("ada,l@example.com", Forbidden),
        ("ada:l@example.com", Forbidden),
        ("mailto:ada@example.com", Forbidden),
        ("ada;l@example.com", Forbidden),
        ("<ada@example.com", Forbidden),
        ("ada>@example.com", Forbidden),
        ("a[da]@example.com", Forbidden),
        ("ada\\l@example.com", Forbidden),
        ("o'neill@example.com", Apostrophe),
        ("zoë@example.com", NotAscii),
        ("ada’l@example.com", NotAscii),
        ("ada\u{200b}@example.com", NotAscii),
        ("\u{feff}ada@example.com", NotAscii),
        ("İ@example.com", NotAscii),
        (".ada@example.com", Dots),
        ("ada.@example.com", Dots),
        ("ada..l@example.com", Dots),
        ("ada@", NoDomain),
        ("ada@[192.0.2.1]", IpAddress),
        ("ada@[ipv6:2001:db8::1]", IpAddress),
        ("ada@localhost", NoDot),
        ("invalid.email@invaliddomain", NoDot),
        ("ada@.", Domain),
        ("ada@.com", Domain),
        ("ada@example.com.", Domain),
        ("ada@example..com", Domain),
        ("ada@-example.com", Domain),
        ("ada@example-.com", Domain),
        ("ada@exam_ple.com", Domain),
        ("ada@exam!ple.com", Domain),
        ("ada@example.com>", Domain),
        ("ada@example,com", Domain),
        ("ada@example.com;b", Domain),
        ("ada@o'neill.example.com", Domain),
        ("ada@xn--a.example.com", Domain),
        ("ada@b＠example.com", Domain),
        ("ada@example.c", TopLevel),
        ("ada@example.1", TopLevel),
        ("ada@192.0.2.1", TopLevel),
        ("ada@example.123", TopLevel),
        ("ada@example.c0m", TopLevel),
        ("ada@example.co-m", TopLevel),
    ];
    for (email, rule) in cases {
        assert_eq!(normalise_email(email), Err(*rule), "{email:?}");
    }
    assert_eq!(normalise_email(&format!("{}@example.com", "a".repeat(65))), Err(LongLocal));
    assert_eq!(normalise_email(&format!("ada@{label}b.com")), Err(Domain));
    let long = format!("{}@{label}.{label}.{}.com", "a".repeat(64), "c".repeat(254 - 64 - 128 - 4));
    assert_eq!((long.len(), normalise_email(&long)), (255, Err(Long)));
}

#[test]
fn no_rule_repeats_the_email() {
    for error in [Empty, NoAt, SeveralAt, Space, NoLocal, Forbidden, Apostrophe, NotAscii, Dots, LongLocal, Local] {
        assert!(!error.to_string().is_empty());
    }
    let error = normalise_email("ada-secret@nowhere").unwrap_err();
    assert!(!error.to_string().contains("ada-secret") && !format!("{error:?}").contains("nowhere"));
}

fn almost_email() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9]{1,8}",
        1 => "[\\x20-\\x7e]{1,3}",
        1 => "\\PC{1,3}",
        1 => "[xX][nN]--[a-z0-9-]{1,8}",
        1 => Just("..".to_owned()),
    ];
    let joint = prop_oneof![3 => Just("."), 3 => Just("@"), 1 => Just("-"), 1 => Just("+"), 1 => Just("。")];
    proptest::collection::vec((piece, joint), 1..6)
        .prop_map(|parts| parts.into_iter().map(|(piece, joint)| piece + joint).collect::<String>() + "com")
}

/// Lengths around every bound, and each character of ASCII in every place.
fn dotted() -> impl Strategy<Value = String> {
    let label = || prop_oneof![4 => "[a-z0-9-]{1,9}", 1 => "[a-z]{62,64}", 1 => "[\\x00-\\x7f]{0,3}"];
    let local = prop_oneof![4 => "[a-z.+]{1,9}", 1 => "[a-z]{63,65}", 1 => "[\\x00-\\x7f]{0,3}"];
    let domain = proptest::collection::vec(label(), 1..5);
    (local, domain).prop_map(|(local, labels)| format!("{local}@{}", labels.join(".")))
}

#[test]
fn the_corpus_and_its_neighbours_keep_the_rules() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/email");
    replay::replay(&corpus, 100, rules::body);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn exactly_what_the_rules_allow_is_accepted_and_does_not_change_again(text in prop_oneof![4 => almost_email(), 2 => dotted(), 1 => "\\PC*"]) {
        rules::body(text.as_bytes());
    }

    #[test]
    fn plain_emails_are_accepted_in_lower_case(local in "[a-zA-Z0-9_+-]{1,20}", domain in "([a-z0-9]{1,9}\\.){1,3}[a-zA-Z]{2,6}") {
        let email = format!("{local}@{domain}");
        prop_assert_eq!(normalise_email(&email), Ok(email.to_lowercase()));
    }

    #[test]
    fn case_and_white_space_around_never_matter(email in "[a-z0-9.]{1,9}@[a-z0-9.-]{1,9}\\.[a-z]{2,3}") {
        let shouted = format!(" \t{} ", email.to_uppercase());
        prop_assert_eq!(normalise_email(&shouted), normalise_email(&email));
    }
}
