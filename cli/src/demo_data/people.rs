//! The people themselves: pure and deterministic.

/// Rows altogether.
pub const PEOPLE: usize = 5_000;
/// Rows whose email breaks a rule, missing ones included.
pub const MALFORMED: usize = 41;
/// Rows with the email of an earlier row.
pub const DUPLICATES: usize = 22;

/// Addresses that left the list of the simulated account.
pub const UNSUBSCRIBED: [&str; 4] =
    ["left.the.list@example.com", "no.more.news@example.org", "unsubscribed.twice@example.net", "goodbye@example.com"];
/// Addresses the simulated account could not reach.
pub const BOUNCED: [&str; 2] = ["mailbox.full@example.org", "moved.away@example.net"];
/// Addresses on the exclusion list of the simulated account.
pub const EXCLUDED: [&str; 1] = ["do.not.mail@example.com"];

/// Emails that break a rule, each in its own way; none of them could be anybody's.
const BROKEN: [Option<&str>; 12] = [
    None,
    Some(""),
    Some("   "),
    Some("no-at-sign.example.com"),
    Some("two@at@example.com"),
    Some("@example.org"),
    Some("nobody@"),
    Some("nobody@localhost"),
    Some("blank inside@example.com"),
    Some("comma,inside@example.com"),
    Some("nobody@example.c"),
    Some("n/a"),
];

/// Every how many rows a broken one, a duplicate or a refused one stands: coprime steps, so that they mix.
const STEP: usize = 71;

const ONSETS: [&str; 14] = ["b", "d", "f", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"];
const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "ei", "ia"];
const ENDINGS: [&str; 6] = ["ren", "lo", "mi", "das", "ket", "vo"];
const DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];
const TIERS: [Option<&str>; 4] = [Some("Gold"), Some("Silver"), Some("Bronze"), None];
const INTERESTS: [&str; 4] = ["Art", "Music", "Sports", "Travel"];

/// 1950-01-01 in days since 1970-01-01.
const OLDEST_BIRTHDAY: i32 = -7_305;
/// Birthdays spread over 55 years.
const BIRTHDAYS: i32 = 20_089;
/// 2025-01-01T00:00:00Z in seconds since 1970.
const FIRST_ORDER: i64 = 1_735_689_600;
/// Orders spread over a year.
const ORDERS: i64 = 365 * 86_400;

/// One row.
pub struct Person {
    /// `C-00001` and so on.
    pub customer_id: String,
    /// The email, if any.
    pub email: Option<String>,
    /// An invented name.
    pub first_name: String,
    /// An invented name.
    pub last_name: String,
    /// A number reserved for fiction, in one of several notations.
    pub phone: Option<String>,
    /// `Gold`, `Silver`, `Bronze` or none.
    pub tier: Option<&'static str>,
    /// Days since 1970-01-01.
    pub birthday_days: Option<i32>,
    /// None to three.
    pub interests: Vec<&'static str>,
    /// 0 to 100.
    pub score: i32,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub last_order_micros: Option<i64>,
}

/// Everybody, in the order of the file.
pub fn all() -> Vec<Person> {
    let mut chance = fastrand::Rng::with_seed(42);
    let mut people: Vec<Person> = Vec::with_capacity(PEOPLE);
    for row in 0..PEOPLE {
        let mut person = person(row, &mut chance);
        let (special, number) = (row % STEP == STEP - 1, row / STEP);
        if special && number < MALFORMED {
            person.email = BROKEN[number % BROKEN.len()].map(str::to_owned);
        } else if special && number < MALFORMED + DUPLICATES {
            // The same address in capitals: one person to ActiveCampaign.
            let earlier = people.get(number * 10).and_then(|earlier| earlier.email.as_deref());
            person.email = earlier.map(str::to_uppercase);
        } else if special {
            let refused = UNSUBSCRIBED.iter().chain(&BOUNCED).chain(&EXCLUDED).nth(number - MALFORMED - DUPLICATES);
            person.email = refused.map_or(person.email, |email| Some((*email).to_owned()));
        }
        people.push(person);
    }
    people
}

fn person(row: usize, chance: &mut fastrand::Rng) -> Person {
    let [first, last] = [name(chance), name(chance)];
    let domain = chance.choice(DOMAINS).unwrap_or(DOMAINS[0]);
    let wishes = chance.usize(0..4);
    Person {
        customer_id: format!("C-{:05}", row + 1),
        // The number keeps addresses apart when names meet.
        email: Some(format!("{}.{}{}@{domain}", first.to_lowercase(), last.to_lowercase(), row + 1)),
        first_name: first,
        last_name: last,
        phone: phone(chance),
        tier: chance.choice(TIERS).unwrap_or_default(),
        birthday_days: (chance.u8(0..10) > 0).then(|| OLDEST_BIRTHDAY + chance.i32(0..BIRTHDAYS)),
        interests: chance.choose_multiple(INTERESTS, wishes),
        score: chance.i32(0..=100),
        last_order_micros: (chance.u8(0..10) > 1).then(|| (FIRST_ORDER + chance.i64(0..ORDERS)) * 1_000_000),
    }
}

fn name(chance: &mut fastrand::Rng) -> String {
    let mut syllable = |vowels: &[&'static str]| {
        format!("{}{}", chance.choice(ONSETS).unwrap_or_default(), chance.choice(vowels).copied().unwrap_or_default())
    };
    let mut name = format!("{}{}", syllable(&VOWELS), syllable(&VOWELS[..5]));
    name.push_str(chance.choice(ENDINGS).unwrap_or_default());
    name[..1].make_ascii_uppercase();
    name
}

/// Numbers set aside for fiction: 555-01xx in North America, 020 7946 0xxx in London (Ofcom).
fn phone(chance: &mut fastrand::Rng) -> Option<String> {
    match chance.u8(0..4) {
        0 => None,
        1 => Some(format!("+1 202-555-01{:02}", chance.u8(0..100))),
        2 => Some(format!("(415) 555-01{:02}", chance.u8(0..100))),
        _ => Some(format!("+44 20 7946 0{:03}", chance.u16(0..1_000))),
    }
}
