//! Keys on hardware tokens: SoftHSM as it is, and in a wrapper that can be pulled out, wait for a touch, or be a YubiKey.

#![cfg(feature = "pkcs11")]

use crate::support;

mod each_time;
mod fixture;
mod keys;
mod pins;
mod publishing;
mod screen;
mod yubikey;
