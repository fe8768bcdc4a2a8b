//! Phone numbers.

use std::borrow::Cow;

use proptest::prelude::*;

use super::super::phone::{region, write_phone};

fn fi(text: &str) -> Cow<'_, str> {
    write_phone(text, region("FI").unwrap())
}

#[test]
fn valid_numbers_become_e164() {
    for written in [
        "040 123 4567",
        "(040) 1234567",
        "+358 40 123 4567",
        "00358401234567",
        "+358-40-1234567",
        "040\u{a0}123\u{2013}4567",
    ] {
        assert_eq!(fi(written), "+358401234567", "{written}");
    }
    assert_eq!(fi("+44 (0)20 7946 0958"), "+442079460958");
    assert_eq!(write_phone("(650) 253-0000", region("us").unwrap()), "+16502530000");
    assert_eq!(
        write_phone("06 12345678", region("IT").unwrap()),
        "+390612345678",
        "an Italian zero belongs to the number"
    );
}

#[test]
fn what_is_no_valid_number_stays_as_it_stands() {
    for written in [
        "040 123 4567 ext. 5",
        "ask reception",
        "12",
        "+",
        "++358401234567",
        "0",
        "tel:+358401234567",
        "1800-FLOWERS",
        "٠٤٠١٢٣٤٥٦٧",
    ] {
        assert_eq!(fi(written), written);
    }
}

#[test]
fn what_looks_like_e164_is_not_looked_up() {
    assert_eq!(fi("+99912345678"), "+99912345678");
}

#[test]
fn only_countries_with_numbers_are_regions() {
    assert!(region("FI").is_some() && region("fi").is_some());
    for unknown in ["", "XX", "FIN", "Finland", "358"] {
        assert!(region(unknown).is_none(), "{unknown}");
    }
}

/// Every region the library may be asked for.
fn regions() -> Vec<phonenumber::country::Id> {
    let letters = || b'A'..=b'Z';
    let codes = letters().flat_map(|a| letters().map(move |b| String::from_utf8_lossy(&[a, b]).into_owned()));
    codes.filter_map(|code| region(&code)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_gives_a_number_that_does_not_change_again(
        text in prop_oneof![4 => "\\+?[0-9]{3,18}", 1 => "[+0-9() ./-]{1,20}", 1 => "\\PC{0,20}"],
        region in proptest::sample::select(regions()),
    ) {
        let once = write_phone(&text, region);
        prop_assert!(once == text || (once.starts_with('+') && once[1..].bytes().all(|b| b.is_ascii_digit())));
        prop_assert_eq!(write_phone(&once, region), once.clone());
    }
}
