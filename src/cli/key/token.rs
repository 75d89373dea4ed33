//! `key token`, and what other commands do with tokens.

use std::sync::Arc;

use serde::Serialize;

use super::passphrases::{Typed, Unlocking, nobody};
use super::words::{called, shown};
use crate::cli::arguments::key::{Token, TokenImport};
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::cli::table::Table;
use crate::cli::unlock::pin_question;
use crate::cli::{Context, terminal};
use crate::engine::custody::backed_up::Removing;
use crate::engine::custody::make::NewKey;
use crate::engine::keyring::tokens::{Attendant, Dialect, Pin, PinState, Pins, TokenFacts};
use crate::engine::{EngineError, KeyError, Kind, Passphrase, Problem, TokenError, words};
use crate::printable::printable;
use crate::tuf::CanonicalKeyId;

/// Runs `key token`.
///
/// # Errors
/// As the engine's.
pub(super) fn run(context: &Context, command: &Token) -> Result<Ending, Problem> {
    match command {
        Token::List => list(context),
        Token::Import(arguments) => import(context, arguments),
    }
}

#[derive(Serialize)]
struct TokenRow {
    label: String,
    serial: String,
    model: String,
    pin: &'static str,
    keys: Vec<TokenKeyRow>,
}

#[derive(Serialize)]
struct TokenKeyRow {
    id: String,
    words: String,
    role: String,
    gun: Option<String>,
    slot: String,
    algorithm: String,
}

fn list(context: &Context) -> Result<Ending, Problem> {
    let tokens = context.engine.keyring().tokens()?;
    if context.console.json {
        context.console.result_json(&tokens.iter().map(row).collect::<Vec<_>>())?;
    } else if tokens.is_empty() {
        context.console.result("no token is plugged in\n")?;
    } else {
        context.console.result(&tokens.iter().map(text).collect::<String>())?;
    }
    Ok(Ending::done())
}

fn row(token: &TokenFacts) -> TokenRow {
    let keys = token.keys.iter().map(|entry| TokenKeyRow {
        id: entry.public.canonical_id().to_string(),
        words: words(entry.public.canonical_id()),
        role: entry.role.clone(),
        gun: entry.gun.clone(),
        slot: entry.place.slot_name.clone(),
        algorithm: entry.public.algorithm().to_string(),
    });
    TokenRow {
        label: token.name.label.clone(),
        serial: token.name.serial.clone(),
        model: token.model.clone(),
        pin: pin(token.pin),
        keys: keys.collect(),
    }
}

fn pin(state: PinState) -> &'static str {
    match state {
        PinState::Ready => "ready",
        PinState::CountLow => "few tries left",
        PinState::FinalTry => "one try left",
        PinState::Locked => "locked",
        PinState::Unset => "not set",
    }
}

fn text(token: &TokenFacts) -> String {
    let mut out = format!(
        "{}  serial {}  {}  PIN {}\n",
        printable(&token.name.to_string()),
        printable(&token.name.serial),
        printable(&token.model),
        pin(token.pin)
    );
    if token.keys.is_empty() {
        out.push_str("    no keys\n");
        return out;
    }
    let mut table = Table::with_header(&["SLOT", "ROLE", "KIND", "ID", "WORDS"]);
    for entry in &token.keys {
        let id = entry.public.canonical_id();
        table.row([
            entry.place.slot_name.clone(),
            entry.role.clone(),
            entry.public.algorithm().to_string(),
            id.short().to_owned(),
            words(id),
        ]);
    }
    out.push_str(&table.text("    ", 2));
    out
}

/// Makes a key on a token.
///
/// # Errors
/// As the engine's.
pub(super) fn generate(context: &Context, new: &NewKey, wanted: Option<&str>) -> Result<Ending, Problem> {
    let token = context.engine.keyring().find_token(wanted)?;
    let (serial, attendant) = (Some(token.name.serial.as_str()), attendant(context, &token));
    let made =
        writing(context, &token, |pins| context.engine.custody().generate_on_token(new, serial, pins, &attendant))?;
    let public = made.public_file.as_deref().map(shown).unwrap_or_default();
    if context.console.json {
        context.console.result_json(&serde_json::json!({
            "id": made.id, "words": words(&made.id), "role": new.name, "algorithm": new.algorithm.to_string(),
            "token": token.name.label, "serial": token.name.serial, "slot": made.place.slot_name,
            "public_file": made.public_file,
        }))?;
        return Ok(Ending::done());
    }
    let (id, name) = (&made.id, printable(&token.name.to_string()));
    context.console.result(&format!(
        "{id}\n{}\nprivate key: on token {name}, slot {}\npublic key:  {public}\n",
        words(id),
        made.place.slot_name
    ))?;
    context.console.note("it cannot be backed up: if the token is lost, so is the key");
    Ok(Ending::done())
}

fn import(context: &Context, arguments: &TokenImport) -> Result<Ending, Problem> {
    let id = context.engine.custody().find_key(&arguments.key)?;
    let how = if arguments.force { Removing::Forced } else { Removing::BackedUp };
    context.engine.custody().check_backed_up(&id, how)?;
    let token = context.engine.keyring().find_token(arguments.token.as_deref())?;
    let what = format!("key {}", called(context, &id));
    let role = context.engine.keyring().stored_role(&id).unwrap_or_default();
    let passphrase = if context.engine.custody().opens(&id, None)? {
        None
    } else {
        let attempt =
            |passphrase: &Passphrase| Ok(context.engine.custody().opens(&id, Some(passphrase))?.then_some(()));
        match Typed::default().open(context, &role, &what, attempt)? {
            Unlocking::Opened((), passphrase) => Some(passphrase),
            Unlocking::Skipped => {
                return Err(Problem {
                    kind: Kind::Cancelled,
                    ..input("the key was not imported", "type its passphrase to import it")
                });
            }
            Unlocking::Nobody(wrong) => return Err(nobody(&what, &wrong)),
        }
    };
    let (serial, attendant) = (Some(token.name.serial.as_str()), attendant(context, &token));
    let done = writing(context, &token, |pins| {
        context.engine.custody().import_to_token(&id, passphrase.as_ref(), serial, pins, how, &attendant)
    })?;
    if context.console.json {
        context.console.result_json(&serde_json::json!({
            "id": id, "token": token.name.label, "serial": token.name.serial, "slot": done.place.slot_name,
        }))?;
    } else {
        let (name, slot) = (printable(&token.name.to_string()), &done.place.slot_name);
        context.console.result(&format!("{what} is on token {name} now, slot {slot}\n"))?;
    }
    let remove = format!("trustdeck key remove {}", id.short());
    context.console.note(&format!("the token signs from now on; its file is still here, take it away with: {remove}"));
    Ok(Ending::done())
}

/// Deletes a key from its token, or of several that hold it, from the one that was named.
///
/// # Errors
/// As the engine's.
pub(super) fn remove(
    context: &Context,
    id: &CanonicalKeyId,
    wanted: Option<&str>,
    how: Removing,
) -> Result<(), Problem> {
    let token = context.engine.keyring().find_token_with(id, wanted)?;
    context.engine.custody().check_backed_up(id, how)?;
    let (serial, attendant) = (token.name.serial.as_str(), attendant(context, &token));
    writing(context, &token, |pins| context.engine.custody().remove_from_token(id, serial, pins, how, &attendant))?;
    if token.dialect == Dialect::Piv {
        context
            .console
            .note("a YubiKey forgets the certificate only; the key itself goes when its slot is filled again");
    }
    Ok(())
}

/// Shows when a finger is wanted; `ctrl-c` ends the waiting.
fn attendant(context: &Context, token: &TokenFacts) -> Attendant {
    let (console, name) = (context.console, token.name.to_string());
    let touch = move |_: &str| console.say(&format!("touch token {name} now"));
    Attendant { touch: Some(Arc::new(touch)), stop: context.stop.clone() }
}

/// Does what needs a PIN, and where a YubiKey's management key is not the factory's, asks for that and does it again.
fn writing<T>(
    context: &Context,
    token: &TokenFacts,
    act: impl Fn(Pins) -> Result<T, EngineError>,
) -> Result<T, Problem> {
    let pins = pins(context, token)?;
    match act(pins.clone()) {
        Err(EngineError::Key(KeyError::Token(TokenError::WrongManagementKey(_))))
            if context.console.interactive && pins.management.is_none() =>
        {
            let question = format!("management key of token {}", printable(&token.name.to_string()));
            let typed = terminal::ask_passphrase(&question)?;
            Ok(act(Pins { management: Some(Pin::new(typed)), ..pins })?)
        }
        done => Ok(done?),
    }
}

/// The PIN, from the sources or typed, once; and a YubiKey's management key if one is known.
fn pins(context: &Context, token: &TokenFacts) -> Result<Pins, Problem> {
    let management = context.sources.management_key().map(Pin::new);
    let user = match context.sources.token_pin() {
        Some((source, _)) if token.pin == PinState::FinalTry => {
            return Err(input(
                format!("one more wrong PIN locks token {}, so {source} is not tried", token.name),
                "type the PIN at a terminal; a right one gives all tries back",
            ));
        }
        Some((_, pin)) => pin,
        None if !context.console.interactive => {
            return Err(Problem {
                kind: Kind::Passphrase,
                ..input(
                    format!("token {} needs its PIN, and nobody can be asked", token.name),
                    "set TRUSTDECK_TOKEN_PIN, or give a line token-pin=PIN to --passphrase-fd",
                )
            });
        }
        None => terminal::ask_passphrase(&pin_question(context, &token.name))?,
    };
    Ok(Pins { user: Pin::new(user), management })
}
