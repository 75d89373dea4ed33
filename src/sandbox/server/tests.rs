#![allow(clippy::unwrap_used)]

use jiff::{Timestamp as Time, ToSpan};

use super::*;
use crate::sandbox::auth::Auth;
use crate::sandbox::layout::Layout;
use crate::sandbox::registry::BlobFiles;
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
    let files = BlobFiles::open(&layout.server_dir()).unwrap();
    scene::fill(&layout, URL, &store, &keys, &files, opened()).unwrap();
    let now = opened() + (24 * days).hours();
    let gate = Gate::new(Auth::None, URL).unwrap();
    let shelf = Shelf { store: Arc::clone(&store), files };
    (Server { store, keys, gate, shelf, clock: Arc::new(move || now), room: Room::new() }, dir)
}

/// Versions of snapshot and timestamp as they are served.
fn served(server: &Server) -> Result<(u64, u64), TrustRefusal> {
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
    assert_eq!(served(&server), Err(TrustRefusal::new(Code::Unknown)));
}

/// An upload of `bytes` that says its size, or does not.
fn upload_of(bytes: usize, is_stated: bool) -> Request {
    let content = vec![b'x'; bytes];
    let body = if is_stated {
        Body::from(content)
    } else {
        Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(content)]))
    };
    let uri = format!("/v2/{GUN}/_trust/tuf/");
    axum::http::Request::builder().method(Method::POST).uri(uri).body(body).unwrap()
}

#[tokio::test]
async fn uploads_wait_for_room_and_hold_no_more_than_they_say() {
    let (server, _dir) = server_after(0);
    let (room, server) = (server.room.clone(), Arc::new(server));
    // All but 4 KiB is taken by others.
    let others = Arc::clone(&room.0).acquire_many_owned(ROOM - 4).await.unwrap();
    for (bytes, is_stated, fits) in [(4 * KIB, true, true), (4 * KIB + 1, true, false), (1, false, false)] {
        let handled = handle(State(Arc::clone(&server)), upload_of(bytes, is_stated));
        let mut handled = std::pin::pin!(handled);
        if fits {
            assert_eq!(handled.await.status(), StatusCode::BAD_REQUEST);
            continue;
        }
        // Work on other threads would be done by now.
        for _ in 0..100 {
            assert!(futures_util::poll!(&mut handled).is_pending(), "{bytes} {is_stated}");
            tokio::task::spawn_blocking(|| ()).await.unwrap();
        }
    }
    drop(others);
    assert_eq!(handle(State(server), upload_of(1, false)).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(room.0.available_permits(), ROOM as usize);
}

#[tokio::test]
async fn what_has_no_body_never_waits() {
    let (server, _dir) = server_after(0);
    let room = server.room.clone();
    let _others = Arc::clone(&room.0).acquire_many_owned(ROOM).await.unwrap();
    let uri = format!("/v2/{GUN}/_trust/tuf/root.json");
    let request = axum::http::Request::builder().uri(uri).body(Body::empty()).unwrap();
    assert_eq!(handle(State(Arc::new(server)), request).await.status(), StatusCode::OK);
}
