//! `key generate`.

use super::words::shown;
use super::{passphrases, token};
use crate::cli::Context;
use crate::cli::arguments::key::{Generate, KeyKind};
use crate::cli::ending::Ending;
use crate::engine::Problem;
use crate::engine::custody::make::NewKey;
use crate::tuf::Algorithm;

/// Makes a key.
///
/// # Errors
/// As the engine's.
pub(super) fn run(context: &Context, arguments: &Generate) -> Result<Ending, Problem> {
    let gun = arguments.repository.as_deref().map(|typed| context.repository(typed)).transpose()?;
    let new = NewKey {
        name: arguments.name.clone(),
        algorithm: algorithm(arguments.algorithm),
        gun,
        dir: arguments.dir.clone(),
    };
    if let Some(wanted) = &arguments.token {
        context.engine.custody().check_new_key(&new)?;
        return token::generate(context, &new, wanted.as_deref());
    }
    context.engine.custody().check_new_files(&new)?;
    let passphrase = passphrases::for_new_key(context, &new.name, &format!("the {} key", new.name))?;
    let made = context.engine.custody().generate_key(&new, &passphrase)?;
    let words = crate::engine::words(&made.id);
    if context.console.json {
        context.console.result_json(&serde_json::json!({
            "id": made.id, "words": words, "role": new.name, "algorithm": new.algorithm.to_string(),
            "file": made.file, "public_file": made.public_file,
        }))?;
        return Ok(Ending::done());
    }
    let mut text = format!("{}\n{words}\nprivate key: {}\n", made.id, shown(&made.file));
    if let Some(public) = &made.public_file {
        text.push_str(&format!("public key:  {}\n", shown(public)));
    }
    context.console.result(&text)?;
    context.console.note("nobody else has this key: back it up with trustdeck key backup --out FILE");
    Ok(Ending::done())
}

fn algorithm(kind: KeyKind) -> Algorithm {
    match kind {
        KeyKind::Ecdsa => Algorithm::EcdsaP256,
        KeyKind::Rsa2048 => Algorithm::Rsa(2048),
        KeyKind::Rsa3072 => Algorithm::Rsa(3072),
        KeyKind::Rsa4096 => Algorithm::Rsa(4096),
        KeyKind::Ed25519 => Algorithm::Ed25519,
    }
}
