//! Private servers for tests: PostgreSQL, MariaDB, S3 (moto) and Azure Blob Storage (Azurite).
//!
//! Each runs as a process of its own on a free port of 127.0.0.1, with its data in a temporary folder, and is gone with
//! its folder when it is dropped or when the test process ends, however it ends. Nothing that already runs on the
//! machine is touched. A server that several tests share is started once a test binary, and each test takes a fresh
//! database or bucket:
//!
//! ```no_run
//! use enlist_kit::servers::Postgres;
//!
//! let database = Postgres::shared().database();
//! database.execute("create table people (email text); insert into people values ('ada@example.com')");
//! assert_eq!(database.execute("select count(*) from people").trim(), "1");
//! println!("{} with the password {}", database.url(), database.password());
//! ```
//!
//! `tests/run` installs what they need. Without it a test fails with the name of what is missing.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a fixture that cannot be made fails its test, and real servers start in real time"
)]

mod azure;
mod database;
mod http;
mod mariadb;
mod postgres;
mod process;
mod s3;
mod tls;

pub use azure::{Azure, Container};
pub use database::Database;
pub use mariadb::MariaDb;
pub use postgres::Postgres;
pub use s3::{Bucket, S3};
