//! What the configuration and the environment say about a store.

use std::collections::BTreeMap;
use std::str::FromStr;

use enlist_core::{Error, ErrorKind};

use crate::columns::advice;
use crate::location::StoreOptions;

/// Variables of the environment.
pub(crate) type Environment = BTreeMap<String, String>;

/// Those that are text.
pub(crate) fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The settings that one kind of store has.
pub(crate) struct Family {
    /// What its names begin with, in lower case.
    pub(crate) prefix: &'static str,
    /// The names that people use, the commonest first.
    pub(crate) known: &'static [&'static str],
    /// Names that are read here and not by the client of the store.
    pub(crate) own: &'static [&'static str],
    /// Names in the environment that do not begin with the prefix, and what they stand for.
    pub(crate) strays: &'static [(&'static str, &'static str)],
    /// Names, as the client calls them, that say who asks. Whoever sets one of them sets all of them.
    pub(crate) identity: &'static [&'static str],
    /// Names, as the client calls them, of which the last stands above the others.
    pub(crate) rivals: &'static [&'static [&'static str]],
}

/// Settings by the name that the client has for them; `K` is that name as the client wants it.
pub(crate) struct Settings<K> {
    values: BTreeMap<String, (K, String)>,
    own: BTreeMap<String, String>,
}

impl<K: FromStr + AsRef<str> + Copy> Settings<K> {
    /// The settings of `options` above those of `environment`.
    ///
    /// # Errors
    /// `store::options` (configuration) for an option that the family does not have, with the one that was meant.
    pub(crate) fn merge(family: &Family, options: &StoreOptions, environment: &Environment) -> Result<Self, Error> {
        let stray =
            |name: &str| family.strays.iter().find(|(stray, _)| *stray == name).map(|(_, key)| (*key).to_owned());
        let from_environment = environment.iter().filter_map(|(name, value)| {
            let ours = name.starts_with(&family.prefix.to_ascii_uppercase());
            Some((stray(name).or_else(|| ours.then(|| name.to_ascii_lowercase()))?, value.clone()))
        });
        let mut settings = Self { values: BTreeMap::new(), own: BTreeMap::new() };
        for (name, value) in from_environment {
            // The environment may speak of things that no store needs.
            settings.set(family, &name, value);
        }
        settings.yield_to(family, options);
        for (name, value) in &options.0 {
            if !(name.starts_with(family.prefix) && settings.set(family, name, value.clone())) {
                return Err(Error::new(
                    ErrorKind::Config,
                    "store::options",
                    format!("\"{name}\" is no setting of a store of this kind"),
                )
                .help(advice(name, family.known, "settings")));
            }
        }
        Ok(settings)
    }

    /// False when there is no such setting.
    fn set(&mut self, family: &Family, name: &str, value: String) -> bool {
        if family.own.contains(&name) {
            self.own.insert(name.to_owned(), value);
            return true;
        }
        let Ok(key) = name.parse::<K>() else { return false };
        self.values.insert(key.as_ref().to_owned(), (key, value));
        true
    }

    /// Drops what would stand above an option though it comes from the environment.
    fn yield_to(&mut self, family: &Family, options: &StoreOptions) {
        let said: Vec<K> = options.0.keys().filter_map(|name| name.parse().ok()).collect();
        let says = |names: &[&str]| said.iter().any(|key| names.contains(&key.as_ref()));
        if says(family.identity) || options.0.keys().any(|name| name == "aws_profile") {
            self.values.retain(|name, _| !family.identity.contains(&name.as_str()));
        }
        for rivals in family.rivals.iter().filter(|rivals| says(rivals)) {
            self.values.retain(|name, _| !rivals.contains(&name.as_str()));
        }
    }

    /// Adds a setting unless there is one.
    pub(crate) fn default_to(&mut self, key: K, value: &str) {
        self.values.entry(key.as_ref().to_owned()).or_insert_with(|| (key, value.to_owned()));
    }

    pub(crate) fn get(&self, key: K) -> Option<&str> {
        self.values.get(key.as_ref()).map(|(_, value)| value.as_str())
    }

    /// A setting that is read here.
    pub(crate) fn own(&self, name: &str) -> Option<&str> {
        self.own.get(name).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &str)> {
        self.values.values().map(|(key, value)| (*key, value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use object_store::aws::AmazonS3ConfigKey as Key;

    use super::*;
    use crate::store::families::S3;

    fn merge(options: &[(&str, &str)], environment: &[(&str, &str)]) -> Result<Settings<Key>, Error> {
        let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Settings::merge(&S3, &StoreOptions(owned(options)), &owned(environment))
    }

    #[test]
    fn options_stand_above_the_environment() {
        let environment = [
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL_S3", "https://old.example.com"),
            ("AWS_PAGER", "less"),
            ("AZURE_STORAGE_ACCOUNT_NAME", "acme"),
        ];
        let settings = merge(&[], &environment).unwrap();
        assert_eq!(settings.get(Key::DefaultRegion), Some("eu-west-1"));
        assert_eq!(settings.iter().count(), 2);
        let options = [("aws_region", "eu-north-1"), ("aws_endpoint", "https://example.com")];
        let settings = merge(&options, &environment).unwrap();
        let values: Vec<&str> = settings.iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["https://example.com", "eu-north-1"]);
    }

    #[test]
    fn whoever_asks_by_an_option_asks_by_nothing_of_the_environment() {
        let environment =
            [("AWS_ACCESS_KEY_ID", "old"), ("AWS_SECRET_ACCESS_KEY", "old"), ("AWS_SESSION_TOKEN", "old")];
        let settings = merge(&[("aws_access_key_id", "a"), ("aws_secret_access_key", "b")], &environment).unwrap();
        assert_eq!((settings.get(Key::AccessKeyId), settings.get(Key::Token)), (Some("a"), None));
        assert_eq!(merge(&[("aws_profile", "a")], &environment).unwrap().get(Key::AccessKeyId), None);
        assert_eq!(merge(&[("aws_region", "a")], &environment).unwrap().get(Key::Token), Some("old"));
    }

    #[test]
    fn an_unknown_option_is_refused_with_the_one_that_was_meant() {
        for (name, meant) in
            [("aws_acces_key_id", Some("aws_access_key_id")), ("region", None), ("azure_tenant_id", None)]
        {
            let error = merge(&[(name, "hush")], &[]).err().unwrap();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "store::options"), "{name}");
            assert!(!format!("{error:?}").contains("hush"));
            let help = error.help_text().unwrap().to_owned();
            assert!(meant.is_none_or(|meant| help.starts_with(&format!("did you mean \"{meant}\"?"))), "{help}");
        }
    }
}
