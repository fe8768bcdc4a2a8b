//! Fixtures and conformance suites that tests share.
