//! Parquet files, globs and hive-partitioned folders as segments.
