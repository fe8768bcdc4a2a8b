//! The write-ahead log beside a ledger, checked before SQLite reads it (R7).
//!
//! SQLite ends its reading of the log at the first frame whose checksum is wrong, because a crash may have torn the
//! last transaction. A wrong frame before transactions that were committed later is no torn end but damage, and what
//! they say would be lost without a word. Format: <https://sqlite.org/fileformat2.html> §4.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind as Io, Read};
use std::path::Path;

use super::fault::damaged;
use super::schema::beside;
use crate::{Error, ErrorKind};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// "0x377f0682", with the lowest bit set where checksums are of big-endian words.
const MAGIC: u32 = 0x377f_0682;

/// Pages of SQLite have at most this many bytes.
const LARGEST_PAGE: u32 = 65_536;

/// Bytes of a page of our ledgers, for a header that does not say: SQLite's default.
const PAGE: usize = 4_096;

/// Commits behind a wrong frame that a crash does not explain: the transaction it tore is the last one.
const TORN: u32 = 1;

/// Looks again so often before it speaks of damage: another process may be writing the log.
const LOOKS: u32 = 3;

/// Refuses the log of the ledger at `path` when committed transactions follow a wrong frame.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let log = beside(path, "-wal");
    let mut seen = Tail { lost: 0, torn: 0 };
    for _ in 0..LOOKS {
        seen = match read_tail(&log) {
            Ok(tail) => tail,
            Err(e) if e.kind() == Io::NotFound => return Ok(()),
            Err(e) => {
                let message = format!("cannot read {}: {e}", log.display());
                return Err(Error::new(ErrorKind::State, "state::unwritable", message)
                    .help("check owner and permissions of the file"));
            }
        };
        if seen.lost <= seen.torn {
            return Ok(());
        }
    }
    Err(damaged(path, &format!("its -wal file has a wrong page before {} committed transactions", seen.lost)))
}

/// What follows the first wrong part of a log.
struct Tail {
    /// Commits that SQLite would not read.
    lost: u32,
    /// How many of them a crash explains.
    torn: u32,
}

fn read_tail(log: &Path) -> io::Result<Tail> {
    let mut file = BufReader::new(File::open(log)?);
    let mut header = [0; HEADER];
    if !fill(&mut file, &mut header)? {
        return Ok(Tail { lost: 0, torn: 0 });
    }
    let (magic, size) = (word(&header, 0), word(&header, 8));
    let size = if size.is_power_of_two() && size <= LARGEST_PAGE { size as usize } else { PAGE };
    let mut sum = Sum { big: magic & 1 == 1, words: [0; 2] };
    sum.add(&header[..24]);
    let mut sound = magic & !1 == MAGIC && sum.words == [word(&header, 24), word(&header, 28)];
    // The header is on disk before any frame: no crash explains one that is wrong, whatever the salts.
    let salts = (word(&header, 16), word(&header, 20));
    let (headless, mut lost) = (!sound, 0);
    let mut frame = vec![0; FRAME_HEADER + size];
    while fill(&mut file, &mut frame)? {
        let same = headless || salts == (word(&frame, 8), word(&frame, 12));
        if sound {
            sum.add(&frame[..8]);
            sum.add(&frame[FRAME_HEADER..]);
            sound = same && sum.words == [word(&frame, 16), word(&frame, 20)];
        }
        // Frames with other salts are left over from before the log began anew.
        let commits = word(&frame, 4) != 0;
        lost += u32::from(!sound && same && commits);
    }
    Ok(Tail { lost, torn: if headless { 0 } else { TORN } })
}

/// Whether there was enough to fill `buffer`.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == Io::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_be_bytes(*word))
}

/// The running checksum of the log, §4.2.
struct Sum {
    big: bool,
    words: [u32; 2],
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        let (pairs, _) = bytes.as_chunks::<8>();
        for pair in pairs {
            for n in 0..2 {
                let word = word(pair, 4 * n);
                let word = if self.big { word } else { word.swap_bytes() };
                self.words[n] = self.words[n].wrapping_add(word).wrapping_add(self.words[1 - n]);
            }
        }
    }
}
