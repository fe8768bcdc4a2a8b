//! A transcript as text and as its parts.

use std::fmt;

/// What one command answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

/// A line of comment, or a command.
#[derive(Debug)]
pub enum Part {
    Comment(String),
    Command { command: String, answer: Answer },
}

/// A file of `screens/`.
#[derive(Debug)]
pub struct Transcript {
    pub parts: Vec<Part>,
}

impl Transcript {
    /// Reads a transcript; one that lacks answers is one too.
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        for line in text.lines() {
            let (mark, rest) = line.split_at(line.len().min(2));
            match (mark.trim_end(), parts.last_mut()) {
                ("$", _) => parts.push(Part::Command { command: rest.to_owned(), answer: Answer::default() }),
                (">", Some(Part::Command { command, .. })) => {
                    command.push('\n');
                    command.push_str(rest);
                }
                ("|", Some(Part::Command { answer, .. })) => add(&mut answer.stdout, rest),
                ("!", Some(Part::Command { answer, .. })) => add(&mut answer.stderr, rest),
                ("?", Some(Part::Command { answer, .. })) => answer.code = rest.parse().unwrap(),
                _ => parts.push(Part::Comment(line.to_owned())),
            }
        }
        Self { parts }
    }
}

fn add(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Comment(line) => writeln!(f, "{line}")?,
                Part::Command { command, answer } => {
                    marked(f, "$", command.lines().next().unwrap_or_default())?;
                    command.lines().skip(1).try_for_each(|line| marked(f, ">", line))?;
                    answer.stdout.lines().try_for_each(|line| marked(f, "|", line))?;
                    answer.stderr.lines().try_for_each(|line| marked(f, "!", line))?;
                    if answer.code != 0 {
                        writeln!(f, "? {}", answer.code)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn marked(f: &mut fmt::Formatter<'_>, mark: &str, line: &str) -> fmt::Result {
    writeln!(f, "{}", format!("{mark} {line}").trim_end())
}
