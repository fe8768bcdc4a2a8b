//! Faults in plain words.

use enlist_core::{Error, ErrorKind};
use enlist_source_files::{changed, unreadable};

use crate::fault::Fault;
use crate::start::Start;

/// How a program writes what can be read from a pipe.
const PIPE: &str = "pipe an Arrow stream, in Python: with pyarrow.ipc.new_stream(sys.stdout.buffer, table.schema) as out: \
                    out.write_table(table)";

impl Fault {
    /// The error about the file or stream called `name`; `piped` when it came through a reader and has no file name
    /// to change.
    pub(crate) fn about(self, name: &str, piped: bool) -> Error {
        let error = |code: &'static str, message: String| Error::new(ErrorKind::Source, code, message);
        let again = if piped {
            "look at what the program that writes it says, and run both again"
        } else {
            "copy or write the file again; it may still be being written"
        };
        match self {
            Self::Read(cause) if piped => error("ipc::unreadable", format!("cannot read {name}: {cause}")).help(again),
            Self::Read(cause) => unreadable(name, &cause),
            Self::Changed => changed(name),
            Self::Start(start) => about_start(start, name, piped),
            Self::CutOff { place } => {
                error("ipc::cut_off", format!("{name} is cut off: it ends within {place}")).help(again)
            }
            Self::NoEnd { messages } => error(
                "ipc::no_end",
                format!("{name} ends after {messages} messages without the end marker of an Arrow stream"),
            )
            .help(format!("its writer stopped early, or did not close the stream; {again}")),
            Self::Trailing => error("ipc::trailing", format!("{name} goes on after the end of its Arrow stream"))
                .help("one stream at a time: join tables before they are written, or read several files by a glob"),
            Self::Damaged { place, cause } => {
                error("ipc::damaged", format!("{name}, {place} is damaged: {cause}")).help(again)
            }
            Self::Endianness => {
                error("ipc::endianness", format!("{name} was written in the byte order of another machine"))
                    .help("write it on a little-endian machine")
            }
        }
    }
}

/// The error about what does not begin as it should.
fn about_start(start: Start, name: &str, piped: bool) -> Error {
    let error = |code: &'static str, message: String| Error::new(ErrorKind::Source, code, message);
    let file = if piped { PIPE } else { "check the path, or write the file as Arrow IPC" };
    let other = if piped { format!("write it to a file and name that; or {PIPE}") } else { file.to_owned() };
    let looks = |like: &str| error("ipc::not_arrow", format!("{name} is {like}, not an Arrow stream or file"));
    match start {
        Start::Empty => error("ipc::empty", format!("{name} is empty")).help(if piped {
            "look at what the program before the pipe says; even a stream of no rows has a schema"
        } else {
            "write the file again"
        }),
        Start::LegacyStream => error("ipc::legacy", format!("{name} is an Arrow stream from before 0.15 (2019)"))
            .help("write it with a later version of Arrow"),
        Start::FeatherV1 => error("ipc::legacy", format!("{name} is Feather version 1"))
            .help("write it as version 2, in Python: pyarrow.feather.write_feather(table, path)"),
        Start::File | Start::Stream => {
            error("ipc::not_stream", format!("{name} is an Arrow file, not an Arrow stream"))
                .help("name the file instead of piping it")
        }
        Start::Known(is, _) if piped => looks(is).help(other),
        Start::Known(is, help) => looks(is).help(help),
        Start::Json => looks("JSON").help(if piped { other } else { "give it a name that ends in .jsonl".to_owned() }),
        Start::Text => looks("text").help(if piped { other } else { "give it a name that ends in .csv".to_owned() }),
        Start::Unknown => error("ipc::not_arrow", format!("{name} is not an Arrow stream or file")).help(file),
    }
}
