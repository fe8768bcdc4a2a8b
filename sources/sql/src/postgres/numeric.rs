//! PostgreSQL's numbers of any precision, in their binary form.

/// Why a number is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// NaN or infinite.
    NotFinite,
    /// More digits than a decimal of 128 bits holds, or bytes that are no number.
    Malformed,
}

/// Sign words of the binary form (src/backend/utils/adt/numeric.c).
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;

/// The number in `bytes`, times ten to the `scale`, which it needs no more of.
///
/// Four words (how many digits, weight of the first, sign, digits after the point), then the digits to base 10,000.
pub(super) fn decimal(bytes: &[u8], scale: i8) -> Result<i128, Flaw> {
    let (head, digits) = bytes.split_at_checked(8).ok_or(Flaw::Malformed)?;
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (count, weight, sign) = (word(0), word(2).cast_signed(), word(4));
    match sign {
        POSITIVE | NEGATIVE => {}
        NAN | INFINITY | MINUS_INFINITY => return Err(Flaw::NotFinite),
        _ => return Err(Flaw::Malformed),
    }
    if digits.len() != usize::from(count) * 2 {
        return Err(Flaw::Malformed);
    }
    // Tens that are missing behind the last digit, or too many.
    let tens = (i32::from(weight) + 1 - i32::from(count)) * 4 + i32::from(scale);
    let spare = usize::try_from(-tens).unwrap_or(0);
    let sum = without(digits, spare).ok_or(Flaw::Malformed)?;
    let value = match u32::try_from(tens) {
        Ok(tens) if sum != 0 => 10_i128.checked_pow(tens).and_then(|power| sum.checked_mul(power)),
        _ => Some(sum),
    };
    let value = value.ok_or(Flaw::Malformed)?;
    Ok(if sign == NEGATIVE { -value } else { value })
}

/// The number that `digits` make without its last `spare` decimal places, which must be zeros: they are taken off before
/// the digits are added up, since a number that fits may not fit with them.
fn without(digits: &[u8], spare: usize) -> Option<i128> {
    let (digits, zeros) = digits.split_at(digits.len().saturating_sub(spare / 4 * 2));
    let mut groups = digits.chunks_exact(2).map(base);
    let unit = 10_u16.pow((spare % 4) as u32);
    let last = if unit > 1 { groups.next_back() } else { None };
    if zeros.iter().any(|byte| *byte != 0) || last.is_some_and(|last| last % unit != 0) {
        return None;
    }
    // As a rule 16 places and fewer: what fits 64 bits is far quicker to compute.
    let sum = if groups.len() <= 4 {
        i128::from(groups.fold(0_u64, |sum, group| sum * 10_000 + u64::from(group)))
    } else {
        groups.try_fold(0_i128, |sum, group| sum.checked_mul(10_000)?.checked_add(i128::from(group)))?
    };
    match last {
        Some(last) => sum.checked_mul(i128::from(10_000 / unit))?.checked_add(i128::from(last / unit)),
        None => Some(sum),
    }
}

fn base(digit: &[u8]) -> u16 {
    u16::from_be_bytes([digit[0], digit[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_38_digits_is_read_whatever_groups_its_places_fall_into() {
        // 999…999.99 with 36 digits before the point and 2 behind: the last group is 9900.
        let digits = [9_999; 9].iter().chain(&[9_900]).copied().collect::<Vec<u16>>();
        assert_eq!(decimal(&bytes(8, POSITIVE, &digits), 2), Ok(10_i128.pow(38) - 1));
        // 0.9…9 with 38 digits behind the point.
        let digits = [9_999; 9].iter().chain(&[9_900]).copied().collect::<Vec<u16>>();
        assert_eq!(decimal(&bytes(-1, NEGATIVE, &digits), 38), Ok(1 - 10_i128.pow(38)));
        assert_eq!(decimal(&bytes(0, POSITIVE, &[1, 2_345]), 3), Err(Flaw::Malformed));
    }

    fn bytes(weight: i16, sign: u16, digits: &[u16]) -> Vec<u8> {
        let head = [u16::try_from(digits.len()).unwrap(), weight.cast_unsigned(), sign, 0];
        head.iter().chain(digits).flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn digits_stand_where_weight_and_scale_put_them() {
        assert_eq!(decimal(&bytes(0, POSITIVE, &[]), 2), Ok(0));
        assert_eq!(decimal(&bytes(0, POSITIVE, &[12, 3400]), 2), Ok(1_234));
        assert_eq!(decimal(&bytes(-1, NEGATIVE, &[100]), 2), Ok(-1));
        assert_eq!(decimal(&bytes(2, POSITIVE, &[7]), 0), Ok(700_000_000));
        assert_eq!(decimal(&bytes(1, POSITIVE, &[1]), 3), Ok(10_000_000));
        let nines = bytes(9, NEGATIVE, &[99, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999]);
        assert_eq!(decimal(&nines, 0), Ok(-99_999_999_999_999_999_999_999_999_999_999_999_999));
    }

    #[test]
    fn what_is_no_finite_number_that_fits_is_told_apart() {
        assert_eq!(decimal(&bytes(0, NAN, &[]), 2), Err(Flaw::NotFinite));
        assert_eq!(decimal(&bytes(0, INFINITY, &[]), 2), Err(Flaw::NotFinite));
        assert_eq!(decimal(&bytes(0, POSITIVE, &[1, 2345]), 2), Err(Flaw::Malformed));
        assert_eq!(decimal(&bytes(20, POSITIVE, &[1]), 0), Err(Flaw::Malformed));
        assert_eq!(decimal(&[0; 7], 0), Err(Flaw::Malformed));
        assert_eq!(decimal(&[0, 1, 0, 0, 0, 0, 0, 0], 0), Err(Flaw::Malformed));
    }
}
