//! Who may run exports: the users that a connection names, or else the owner of the configuration.

use enlist_core::{Error, ErrorKind};
use nix::unistd::{Uid, User};

use crate::spec::Connection;

/// Whether the user of this process may run exports on `connection`; `owner` is the user id of the owner of the
/// configuration. An account that was named on the command line and the simulator are anybody's.
///
/// The user is the one that the system knows (the effective one), never what a variable says.
///
/// # Errors
/// [`ErrorKind::Access`] with `access::user`.
pub fn permitted(connection: &Connection, owner: Option<u32>) -> Result<(), Error> {
    if connection.is_simulator() || connection.is_typed() {
        return Ok(());
    }
    let user = Uid::effective();
    let allowed = match connection.allowed_users.as_slice() {
        [] => owner.is_none_or(|owner| owner == user.as_raw()),
        users => users.iter().any(|name| id_of(name) == Some(user)),
    };
    if allowed { Ok(()) } else { Err(refused(connection, user)) }
}

/// The user of this name; a number is the user id itself, as containers have them without a name.
fn id_of(name: &str) -> Option<Uid> {
    // Who cannot be looked up is nobody.
    let named = User::from_name(name).ok().flatten().map(|user| user.uid);
    named.or_else(|| name.parse().ok().map(Uid::from_raw))
}

fn refused(connection: &Connection, user: Uid) -> Error {
    let name = User::from_uid(user).ok().flatten().map_or_else(|| user.to_string(), |user| user.name);
    let (whose, list) = match connection.allowed_users.as_slice() {
        [] => ("the configuration belongs to somebody else, and it names nobody", name.clone()),
        users => ("it is not one of its `allowed_users`", format!("{}, {name}", users.join(", "))),
    };
    let message = format!("user {name} may not run exports on {}: {whose}", connection.title());
    let help = format!("to allow it: allowed_users: [{list}] under connections.{}", connection.name);
    Error::new(ErrorKind::Access, "access::user", message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(allowed: &[&str]) -> Connection {
        Connection {
            name: "marketing".to_owned(),
            allowed_users: allowed.iter().map(|name| (*name).to_owned()).collect(),
            ..Connection::typed("acme.api-us1.com", None)
        }
    }

    #[test]
    fn without_names_the_owner_of_the_configuration_is_allowed_and_nobody_else() {
        let user = Uid::effective().as_raw();
        assert!(permitted(&connection(&[]), Some(user)).is_ok());
        let error = permitted(&connection(&[]), Some(user + 1)).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Access, "access::user"));
        assert!(error.to_string().contains("marketing"), "{error}");
        assert!(error.help_text().unwrap().contains("allowed_users: ["), "{error:?}");
    }

    #[test]
    fn with_names_the_owner_is_not_enough() {
        let user = Uid::effective();
        let own = User::from_uid(user).unwrap().map_or_else(|| user.to_string(), |user| user.name);
        for (allowed, expected) in [
            (vec!["somebody-else", own.as_str()], true),
            (vec![user.to_string().as_str()], true),
            (vec!["somebody-else"], false),
            (vec!["4294967295"], false),
            (vec!["-1", "", " "], false),
        ] {
            let connection = connection(&allowed);
            assert_eq!(permitted(&connection, Some(user.as_raw())).is_ok(), expected, "{allowed:?}");
        }
        let error = permitted(&connection(&["etl", "ana"]), Some(user.as_raw())).unwrap_err();
        assert!(error.help_text().unwrap().contains(&format!("[etl, ana, {own}]")), "{error:?}");
    }

    #[test]
    fn an_account_named_on_the_command_line_and_the_simulator_are_anybodys() {
        let other = Some(Uid::effective().as_raw() + 1);
        assert!(permitted(&Connection::typed("acme.api-us1.com", None), other).is_ok());
        let simulator = Connection { host: "simulator".to_owned(), ..connection(&["somebody-else"]) };
        assert!(permitted(&simulator, other).is_ok());
    }
}
