//! Results as JSON and as a Markdown table.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

/// Measured figures, in the order they were taken.
pub(crate) struct Results {
    rows: u64,
    figures: Vec<(String, f64, &'static str)>,
}

impl Results {
    pub(crate) fn new(rows: u64) -> Self {
        Self { rows, figures: Vec::new() }
    }

    /// Adds a figure.
    pub(crate) fn add(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        let what = what.into();
        print(&format!("{what}: {value:.2} {unit}"));
        self.figures.push((what, value, unit));
    }

    /// Writes the JSON file and returns the table.
    pub(crate) fn write(&self, path: &Path) -> Result<String, Box<dyn std::error::Error>> {
        let figures: Vec<Value> = self
            .figures
            .iter()
            .map(|(what, value, unit)| json!({"what": what, "value": value, "unit": unit}))
            .collect();
        let document = json!({"schema": "enlist.bench/1", "rows": self.rows, "figures": figures});
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_vec_pretty(&document)?)?;
        let mut table = format!("\n| {} rows | figure | unit |\n|---|---:|---|\n", self.rows);
        for (what, value, unit) in &self.figures {
            let digits = if *value >= 1_000.0 { 0 } else { 2 };
            table.push_str(&format!("| {what} | {value:.digits$} | {unit} |\n"));
        }
        Ok(table)
    }
}

/// Prints a line; a closed pipe is not an error.
pub(crate) fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The most memory this process has held so far, in megabytes.
pub(crate) fn peak_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}
