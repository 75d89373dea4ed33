#![allow(clippy::unwrap_used)]

use super::*;
use crate::tuf::Role;

const GUN: &str = "registry.sandbox/team/app";
const RIGHT: &str = "Basic amVmZjpwYTpzcw==";

fn gate(auth: fn(Login) -> Auth) -> Gate {
    Gate::new(auth(Login::parse("jeff:pa:ss").unwrap()), "https://localhost:1").unwrap()
}

fn at(second: i64) -> Time {
    Time::from_second(1_900_000_000 + second).unwrap()
}

fn issue(gate: &Gate, parameters: &[(&str, &str)], basic: Option<&str>) -> Result<serde_json::Value, TrustRefusal> {
    let parameters: Vec<_> = parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    gate.issue(&parameters, basic, at(0)).map(|json| serde_json::from_str(&json).unwrap())
}

fn bearer(gate: &Gate, scope: &str, basic: Option<&str>) -> String {
    let issued = issue(gate, &[("service", SERVICE), ("scope", scope)], basic).unwrap();
    format!("Bearer {}", issued["token"].as_str().unwrap())
}

fn read() -> Route {
    Route::Current(GUN.to_owned(), Role::Root)
}

#[test]
fn basic_takes_the_right_password_only() {
    let gate = gate(Auth::Basic);
    gate.check(&read(), Some(RIGHT), at(0)).unwrap();
    for wrong in [None, Some("Basic amVmZjp3cm9uZw=="), Some("Bearer amVmZjpwYTpzcw=="), Some("Basic ?")] {
        let refusal = gate.check(&read(), wrong, at(0)).unwrap_err();
        assert!(refusal.challenge.unwrap().starts_with("Basic "));
    }
}

#[test]
fn a_token_is_good_for_its_scope_until_it_expires() {
    let gate = gate(Auth::Token);
    let token = bearer(&gate, &format!("repository:{GUN}:pull"), Some(RIGHT));
    let check = |route: &Route, time| gate.check(route, Some(&token), time).is_ok();
    assert!(check(&read(), at(0)) && check(&read(), at(LIFETIME + LEEWAY - 1)));
    assert!(!check(&read(), at(LIFETIME + LEEWAY)), "expired");
    assert!(!check(&read(), at(-LEEWAY - 1)), "of the future");
    assert!(!check(&Route::Publish(GUN.to_owned()), at(0)), "pull is not push");
    assert!(!check(&Route::Delete(GUN.to_owned()), at(0)));
    assert!(!check(&Route::Current("registry.sandbox/team/b".to_owned(), Role::Root), at(0)), "another repository");
    let own = Gate { key: hmac::Key::new(hmac::HMAC_SHA256, b"another"), ..self::gate(Auth::Token) };
    assert!(own.check(&read(), Some(&token), at(0)).is_err(), "another server's");
}

#[test]
fn a_challenge_names_realm_and_scope() {
    let gate = gate(Auth::Token);
    let refusal = gate.check(&Route::Publish(GUN.to_owned()), None, at(0)).unwrap_err();
    let scope = format!("scope=\"repository:{GUN}:push,pull\"");
    let expected = format!("Bearer realm=\"https://localhost:1/token\",service=\"{SERVICE}\",{scope}");
    assert_eq!(refusal.challenge, Some(expected));
}

#[test]
fn nobody_gets_a_token_for_nothing_and_a_stranger_none() {
    let gate = gate(Auth::Token);
    let token = bearer(&gate, &format!("repository:{GUN}:pull"), None);
    assert!(gate.check(&read(), Some(&token), at(0)).is_err());
    assert!(issue(&gate, &[], Some("Basic amVmZjp3cm9uZw==")).is_err());
}

#[test]
fn a_refresh_token_gets_tokens_and_is_none_itself() {
    let gate = gate(Auth::Token);
    let issued = issue(&gate, &[("offline_token", "true")], Some(RIGHT)).unwrap();
    let refresh = issued["refresh_token"].as_str().unwrap();
    assert!(gate.check(&read(), Some(&format!("Bearer {refresh}")), at(0)).is_err());
    let scope = format!("repository:{GUN}:pull");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", &scope)];
    let token = issue(&gate, &form, None).unwrap()["access_token"].as_str().unwrap().to_owned();
    gate.check(&read(), Some(&format!("Bearer {token}")), at(0)).unwrap();
    let forged = [("grant_type", "refresh_token"), ("refresh_token", "a.b.c")];
    assert!(issue(&gate, &forged, None).is_err());
}
