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
    let signed = has_identity(settings);
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
            section = Some(sections.entry(words.join(" ")).or_insert_with(BTreeMap::new));
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
