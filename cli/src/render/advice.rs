//! What to do about an error that does not say so itself.

use enlist_core::{Error, ErrorKind};

/// What to do: in the error's own words, else in those for its code, else in those for whoever has to act.
pub fn advice(error: &Error) -> &str {
    error.help_text().or_else(|| of_code(error.code())).unwrap_or_else(|| of_kind(error.kind()))
}

/// Codes whose cure is the same wherever they come from.
fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "config::unreadable" => "check that it is the right file and who may read it; -c FILE names another",
        "config::yaml" => "look at the marked place: spaces indent, tabs do not, and text with : or # needs quotes",
        "config::wrong_shape" => "enlist init writes an example, enlist generate schema all there is",
        "config::unknown_key" => "enlist generate schema writes all keys there are",
        "config::empty" => "write a value, or remove the key",
        "config::too_large" => "check that it is the right file",
        "config::variable" => "set the variable, also in .env beside the configuration; a ${file:…} has to be readable",
        "config::env_file" => "write NAME=value on each line",
        "source::unreadable" => "check the path and who may read it",
        "source::glob" => "* stands for any name, ** for folders; [ and { need their other half",
        "query::syntax" | "query::invalid" => "correct the SELECT where the message points at it",
        "sim::settings" => "name what the message lists; a share is a number from 0 to 1",
        "sim::data" => "move the file away: the simulator then begins a fresh account",
        "init::write" => "check free space and who may write there, or name another folder",
        _ => return None,
    })
}

fn of_kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Config => "correct what the message names, then give the same command",
        ErrorKind::Access => "get access to what the message names, then give the same command",
        ErrorKind::Unfinished | ErrorKind::Interrupted => "give the same command again: it sends what is left",
        ErrorKind::Destination => "look at the account in ActiveCampaign, then give the same command",
        ErrorKind::Source => "mend the source, then give the same command",
        ErrorKind::Guard => "look at enlist plan; --allow NAME runs in spite of a guard",
        ErrorKind::Locked => "wait for the other run to end",
        ErrorKind::State => "check free space, owner and permissions of the state folder",
        // `Bug`, and kinds this version does not know.
        _ => "report it with the run's id; what was confirmed stays confirmed, and the next run continues",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_to_do() {
        use ErrorKind::*;
        let kinds = [Bug, Config, Access, Unfinished, Destination, Source, Guard, Locked, State, Interrupted];
        for kind in kinds {
            let error = Error::new(kind, "area::word", "it does not work");
            assert!(advice(&error).len() > 20, "{kind:?}");
            assert_eq!(advice(&error.help("turn it off and on")), "turn it off and on");
        }
        assert!(advice(&Error::new(Config, "config::yaml", "no")).contains("quotes"), "the code knows better");
    }
}
