//! Arrow IPC files and streams as segments.
//!
//! [`IpcFiles`] reads files of the file format (also Feather V2) and of the stream format, told apart by their first
//! bytes. [`IpcStream`] reads a stream that can be read only once: standard input, or any reader. Buffers may be
//! compressed with LZ4 or Zstandard. Every column arrives with the type that it was written with.
//!
//! A stream is whole only if it ends with its end marker: the Arrow format lets a writer leave it out, but then a
//! writer that died between two batches could not be told from one that finished.

mod decode;
mod explain;
mod fault;
mod file;
mod files;
mod message;
mod once;
mod rows;
mod start;
mod stream;

pub use files::{IpcFiles, handles};
pub use once::IpcStream;
