//! The profiles that the AWS command line keeps in `~/.aws`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use enlist_core::{Error, ErrorKind};
use object_store::aws::AmazonS3ConfigKey as Key;

use crate::columns::advice;
use crate::store::settings::{Environment, Settings};

/// What a profile may hold that only the AWS command line can turn into keys.
const INDIRECT: [(&str, &str); 6] = [
    ("sso_session", "signs in by SSO"),
    ("sso_start_url", "signs in by SSO"),
    ("login_session", "signs in by a browser"),
    ("role_arn", "assumes a role"),
    ("credential_process", "runs a program for its keys"),
    ("credential_source", "takes its keys from elsewhere"),
];

type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Adds keys, region and endpoint of the profile to `settings` that lack them.
///
/// Where the keys are known without it, a profile gives region and endpoint alone, and may be missing.
///
/// # Errors
/// `store::profile` (configuration) when the profile that was asked for does not exist, cannot be read, or holds no keys
/// but a way to obtain them that this reader does not know.
pub(crate) fn complete(settings: &mut Settings<Key>, environment: &Environment) -> Result<(), Error> {
    let in_home = |file: &str| environment.get("HOME").map(|home| Path::new(home).join(".aws").join(file));
    let path = |setting: &str, file: &str| settings.own(setting).map(PathBuf::from).or_else(|| in_home(file));
    let asked = settings.own("aws_profile").or(settings.own("aws_default_profile")).map(str::to_owned);
    let credentials = read(path("aws_shared_credentials_file", "credentials"))?;
    let config = read(path("aws_config_file", "config"))?;
    let name = asked.as_deref().unwrap_or("default");
    let heading = if name == "default" { name.to_owned() } else { format!("profile {name}") };
    let found = [credentials.get(name), config.get(&heading)];
    let container =
        settings.get(Key::ContainerCredentialsFullUri).or(settings.get(Key::ContainerCredentialsRelativeUri));
    let signed = has_identity(settings) || (container.is_some() && asked.is_none());
    if found == [None, None] {
        return match asked {
            Some(_) if !signed => Err(unknown(name, &credentials, &config)),
            _ => Ok(()),
        };
    }
    let value = |key: &str| found.iter().flatten().find_map(|section| section.get(key)).map(String::as_str);
    for (key, said) in [(Key::Region, value("region")), (Key::Endpoint, value("endpoint_url"))] {
        let said = said.filter(|_| settings.get(Key::DefaultRegion).is_none() || key != Key::Region);
        let said = said.filter(|_| settings.get(Key::S3Endpoint).is_none() || key != Key::Endpoint);
        if let Some(said) = said {
            settings.default_to(key, said);
        }
    }
    if signed {
        return Ok(());
    }
    let (id, secret) = (value("aws_access_key_id"), value("aws_secret_access_key"));
    if let (Some(id), Some(secret)) = (id, secret) {
        settings.default_to(Key::AccessKeyId, id);
        settings.default_to(Key::SecretAccessKey, secret);
        if let Some(token) = value("aws_session_token") {
            settings.default_to(Key::Token, token);
        }
        return Ok(());
    }
    let indirect = INDIRECT.iter().find(|(key, _)| value(key).is_some());
    match indirect {
        Some((_, how)) => Err(wrong(format!(
            "the AWS profile \"{name}\" {how}, which only the AWS command line can do"
        ))
        .help(format!("eval \"$(aws configure export-credentials --profile {name} --format env)\" and run again"))),
        None if asked.is_some() => Err(wrong(format!("the AWS profile \"{name}\" holds no access key"))
            .help(format!("run `aws configure --profile {name}`"))),
        // A default profile that names a region alone is common on machines that have a role.
        None => Ok(()),
    }
}

/// Whether it is known who asks.
fn has_identity(settings: &Settings<Key>) -> bool {
    let said = |key: Key| settings.get(key).is_some();
    said(Key::AccessKeyId)
        || said(Key::SecretAccessKey)
        || (said(Key::WebIdentityTokenFile) && said(Key::RoleArn))
        || settings.get(Key::SkipSignature).is_some_and(|skip| skip.eq_ignore_ascii_case("true"))
}

fn unknown(name: &str, credentials: &Sections, config: &Sections) -> Error {
    let mut names: Vec<&str> = credentials.keys().map(String::as_str).collect();
    let of_config = config
        .keys()
        .filter_map(|heading| heading.strip_prefix("profile ").or((heading == "default").then_some("default")));
    names.extend(of_config);
    names.sort_unstable();
    names.dedup();
    wrong(format!("there is no AWS profile \"{name}\"")).help(advice(name, &names, "profiles"))
}

fn read(path: Option<PathBuf>) -> Result<Sections, Error> {
    let Some(path) = path else { return Ok(Sections::new()) };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(sections(&text)),
        Err(cause) if cause.kind() == Io::NotFound => Ok(Sections::new()),
        Err(cause) => Err(wrong(format!("cannot read {}: {cause}", path.display()))),
    }
}

/// Sections and their settings; <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>, read 2026-11-22.
/// Indented lines belong to the setting above them, and none of those is of use here.
fn sections(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut section = None;
    for line in text.lines().filter(|line| !line.starts_with([' ', '\t', '#', ';'])) {
        if let Some(heading) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let words: Vec<&str> = heading.0.split_whitespace().collect();
            section = Some(sections.entry(words.join(" ")).or_default());
        } else if let (Some(section), Some((name, value))) = (section.as_mut(), line.split_once('=')) {
            let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|comment| value.find(comment)).min();
            let value = value[..end.unwrap_or(value.len())].trim();
            section.insert(name.trim().to_ascii_lowercase(), value.to_owned());
        }
    }
    sections
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, "store::profile", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::StoreOptions;
    use crate::store::families::S3;

    const CREDENTIALS: &str = "# keys\n[default]\naws_access_key_id=AKIA1\naws_secret_access_key = s+e/c=ret ; half\n\n\
        [temporary]\naws_access_key_id = AKIA2\naws_secret_access_key = hush\naws_session_token = token==\n";
    const CONFIG: &str = "[default]\nregion = eu-north-1\ns3 =\n  region = none\n[profile temporary]\nregion=eu-west-1\n\
        [profile sso]\nsso_session = acme\n[sso-session acme]\nsso_start_url = https://example.com\n[profile empty]\nregion=a\n";

    /// The settings, or the error, with these variables and these files in `~/.aws`.
    fn completed(environment: &[(&str, &str)], files: &[(&str, &str)]) -> Result<Settings<Key>, Error> {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".aws")).unwrap();
        for (name, text) in files {
            fs::write(home.path().join(".aws").join(name), text).unwrap();
        }
        let mut environment: Environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        environment.insert("HOME".into(), home.path().display().to_string());
        let mut settings = Settings::merge(&S3, &StoreOptions::default(), &environment).unwrap();
        complete(&mut settings, &environment).map(|()| settings)
    }

    const FILES: [(&str, &str); 2] = [("credentials", CREDENTIALS), ("config", CONFIG)];

    #[test]
    fn the_default_profile_gives_keys_and_region() {
        let settings = completed(&[], &FILES).unwrap();
        assert_eq!(settings.get(Key::AccessKeyId), Some("AKIA1"));
        assert_eq!(settings.get(Key::SecretAccessKey), Some("s+e/c=ret"));
        assert_eq!(settings.get(Key::Region), Some("eu-north-1"));
        assert_eq!(settings.get(Key::Token), None);
    }

    #[test]
    fn the_profile_that_is_named_counts_and_the_environment_stands_above_it() {
        let settings = completed(&[("AWS_PROFILE", "temporary"), ("AWS_DEFAULT_REGION", "us-east-1")], &FILES).unwrap();
        assert_eq!(settings.get(Key::Token), Some("token=="));
        assert_eq!((settings.get(Key::Region), settings.get(Key::DefaultRegion)), (None, Some("us-east-1")));
        let keys = [("AWS_PROFILE", "temporary"), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
        let settings = completed(&keys, &FILES).unwrap();
        assert_eq!((settings.get(Key::AccessKeyId), settings.get(Key::Token)), (Some("a"), None));
        let role = [("AWS_ROLE_ARN", "arn"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")];
        assert_eq!(completed(&role, &FILES).unwrap().get(Key::AccessKeyId), None);
    }

    #[test]
    fn a_profile_without_keys_says_how_to_obtain_them() {
        for (profile, said, help) in [
            ("sso", "signs in by SSO", "aws configure export-credentials --profile sso --format env"),
            ("empty", "holds no access key", "aws configure --profile empty"),
            ("temporray", "there is no AWS profile \"temporray\"", "did you mean \"temporary\"?"),
        ] {
            let error = completed(&[("AWS_PROFILE", profile)], &FILES).err().unwrap();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "store::profile"));
            assert!(error.to_string().contains(said), "{error}");
            assert!(error.help_text().unwrap().contains(help), "{error:?}");
        }
    }

    #[test]
    fn nothing_is_asked_of_machines_without_profiles() {
        assert_eq!(completed(&[], &[]).unwrap().iter().count(), 0);
        let settings = completed(&[], &[("config", "[default]\nregion = eu-north-1\n")]).unwrap();
        assert_eq!((settings.get(Key::Region), settings.get(Key::AccessKeyId)), (Some("eu-north-1"), None));
    }
}
