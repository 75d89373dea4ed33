#![allow(clippy::unwrap_used)]

use jiff::{Timestamp as Time, ToSpan};

use super::*;
use crate::sandbox::auth::Auth;
use crate::sandbox::layout::Layout;
use crate::sandbox::scene;

const GUN: &str = "registry.sandbox/team/web";
const URL: &str = "https://localhost:1";

fn opened() -> Time {
    "2030-05-01T12:00:00Z".parse().unwrap()
}

/// A server whose scene was made `days` ago.
fn server_after(days: i64) -> (Server, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::create(dir.path()).unwrap();
    let store = Arc::new(Store::open(&layout.store_file()).unwrap());
    let keys = HeldKeys::new(Arc::clone(&store));
    scene::fill(&layout, URL, &store, &keys, opened()).unwrap();
    let now = opened() + (24 * days).hours();
    let gate = Gate::new(Auth::None, URL).unwrap();
    (Server { store, keys, gate, clock: Arc::new(move || now) }, dir)
}

/// Versions of snapshot and timestamp as they are served.
fn served(server: &Server) -> Result<(u64, u64), Refusal> {
    let version = |role: &Role| Ok(server.current(GUN, role)?.unwrap().version);
    Ok((version(&Role::Snapshot)?, version(&Role::Timestamp)?))
}

fn stored(server: &Server) -> (u64, u64) {
    let version = |role: &Role| server.store.current(GUN, role).unwrap().unwrap().version;
    (version(&Role::Snapshot), version(&Role::Timestamp))
}

#[test]
fn what_has_not_expired_is_served_as_it_is() {
    let (server, _dir) = server_after(13);
    let before = stored(&server);
    assert_eq!(served(&server), Ok(before));
}

#[test]
fn an_expired_timestamp_is_signed_again_once() {
    let (server, _dir) = server_after(15);
    let (snapshot, timestamp) = stored(&server);
    assert_eq!(served(&server), Ok((snapshot, timestamp + 1)));
    assert_eq!(served(&server), Ok((snapshot, timestamp + 1)));
    let file = server.current(GUN, &Role::Timestamp).unwrap().unwrap();
    let (_, renewed) = validate::read::<crate::tuf::Timestamp>(&Role::Timestamp, &file.bytes).unwrap();
    assert!(renewed.expires > (server.clock)());
    assert!(renewed.snapshot.matches(&server.current(GUN, &Role::Snapshot).unwrap().unwrap().bytes.into()));
}

#[test]
fn an_expired_snapshot_is_signed_again_with_its_timestamp() {
    let (server, _dir) = server_after(1100);
    let (snapshot, timestamp) = stored(&server);
    assert_eq!(served(&server), Ok((snapshot + 1, timestamp + 1)));
    let file = server.current(GUN, &Role::Snapshot).unwrap().unwrap();
    let (_, renewed) = validate::read::<Snapshot>(&Role::Snapshot, &file.bytes).unwrap();
    assert!(renewed.meta.len() > 2, "the entries of all roles are kept");
}

#[test]
fn an_expired_file_without_its_key_is_the_servers_fault() {
    let (mut server, dir) = server_after(1100);
    server.keys = HeldKeys::new(Arc::new(Store::open(&dir.path().join("other.redb")).unwrap()));
    assert_eq!(served(&server), Err(Refusal::new(Code::Unknown)));
}
