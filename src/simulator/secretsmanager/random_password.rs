//! Passwords of chance, which are kept nowhere.

use super::{invalid_parameter, invalid_request};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetRandomPassword", draw)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "secretsmanager.password.room",
    "a password has room for one of each kind of character, and some are left to draw from",
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html",
)];

fn draw(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let excluded = input.text("ExcludeCharacters").unwrap_or_default();
    let kinds = [
        ("ExcludeUppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", false),
        ("ExcludeLowercase", "abcdefghijklmnopqrstuvwxyz", false),
        ("ExcludeNumbers", "0123456789", false),
        ("ExcludePunctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", false),
        ("IncludeSpace", " ", true),
    ];
    let mut sets: Vec<Vec<char>> = Vec::new();
    for (member, letters, named) in kinds {
        if input.flag(member) == named {
            sets.push(letters.chars().filter(|letter| !excluded.contains(*letter)).collect());
        }
    }
    sets.retain(|set| !set.is_empty());
    let each = input.bool("RequireEachIncludedType").unwrap_or(true);
    let length = usize::try_from(input.integer("PasswordLength").unwrap_or(32)).unwrap_or_default();
    let rule = "secretsmanager.password.room";
    // No source has the words.
    tx.enforce(rule, !sets.is_empty(), || invalid_request("No characters are left to make a password of."))?;
    tx.enforce(rule, !each || length >= sets.len(), || {
        invalid_parameter("The password length is too short for one character of each included type.")
    })?;
    let all: Vec<char> = sets.concat();
    let mut password: Vec<char> = Vec::with_capacity(length);
    while password.len() < length {
        let set = sets.get(password.len()).filter(|_| each).unwrap_or(&all);
        let Some(letter) = set.get(tx.below(set.len())).copied() else { break };
        password.push(letter);
    }
    // One of each kind came first: their places are of chance, too.
    for at in (1..password.len()).rev() {
        let other = tx.below(at + 1);
        password.swap(at, other);
    }
    Ok(record! { "RandomPassword" => password.into_iter().collect::<String>() })
}
