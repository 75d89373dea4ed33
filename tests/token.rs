//! Keys on hardware tokens: SoftHSM as it is, and in a wrapper that can be pulled out, wait for a touch, or be a YubiKey.

#![cfg(feature = "pkcs11")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(unreachable_pub)]

mod support;

#[path = "token/each_time.rs"]
mod each_time;
#[path = "token/fixture.rs"]
mod fixture;
#[path = "token/keys.rs"]
mod keys;
#[path = "token/pins.rs"]
mod pins;
#[path = "token/publishing.rs"]
mod publishing;
#[path = "token/screen.rs"]
mod screen;
#[path = "token/yubikey.rs"]
mod yubikey;
