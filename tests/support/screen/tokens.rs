//! Tokens of the story.

use std::sync::Arc;

use trustdeck::engine::KeyView;
use trustdeck::engine::keyring::tokens::{Dialect, PinState, TokenFacts, TokenName, TokenPlace};
use trustdeck::engine::view::keys::KeyPlace;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::Outcome;
use trustdeck::tui::state::State;

use super::scene::{keys, tell};

/// A token of this name; a YubiKey if it is called so.
pub fn token(label: &str, serial: &str) -> TokenFacts {
    let piv = label.contains("YubiKey");
    let (model, dialect) = if piv { ("Yubico YK5", Dialect::Piv) } else { ("SoftHSM v2", Dialect::Generic) };
    TokenFacts { name: name(label, serial), model: model.to_owned(), dialect, pin: PinState::Ready, keys: vec![] }
}

fn name(label: &str, serial: &str) -> TokenName {
    TokenName { label: label.to_owned(), serial: serial.to_owned() }
}

pub fn place(label: &str, serial: &str) -> TokenPlace {
    let slot_name = if label.contains("YubiKey") { "9c" } else { "02" };
    TokenPlace { token: name(label, serial), slot: vec![2], slot_name: slot_name.to_owned() }
}

/// These tokens are plugged in.
pub fn plug_in(state: &mut State, tokens: Vec<TokenFacts>) {
    assert_eq!(tell(state, Effect::LookForTokens, Outcome::Tokens(Some(Arc::new(tokens)))), []);
}

/// The keys of the story, the first of them on the token `board`.
pub fn first_on_board() -> Vec<KeyView> {
    let mut keys = keys();
    keys[0].place = KeyPlace::Token(place("board", "77a1"));
    keys
}
