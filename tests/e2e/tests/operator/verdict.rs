//! How a command ended, checked as an operator and a scheduler would.

use super::process::Ended;
use super::world::World;

/// Checks the exit code, the one error with its help, and that every one of `words` is told.
pub fn ends(ended: &Ended, code: i32, error: &str, words: &[&str]) {
    assert_eq!(ended.code, code, "{error}: {ended:?}");
    let errors: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("error[")).collect();
    assert!(errors.len() == 1 && errors[0].starts_with(&format!("error[{error}]: ")), "{error}: {}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    for word in words.iter().chain(&["  help: "]) {
        assert!(ended.stderr.contains(word), "{error} without {word:?}: {}", ended.stderr);
    }
}

/// Checks that the account has not heard of anybody.
pub fn nothing_was_sent(world: &mut World) {
    assert_eq!(world.contacts().len(), 0, "something was sent");
}

/// Has the simulator go on with other settings.
pub fn change_settings(world: &mut World, change: impl FnOnce(&mut serde_json::Value)) {
    let file = world.folder().join("settings.json");
    let mut settings = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    change(&mut settings);
    world.write("settings.json", settings.to_string());
    world.edit_account(|_| {});
}
