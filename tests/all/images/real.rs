//! A real `notary-server` and a real `docker-registry`.

use tempfile::TempDir;

use crate::support::docker_registry::Protection;
use crate::support::image::{Image, OCI_INDEX, OCI_MANIFEST, digest};
use crate::support::{DockerRegistry, Home, NotaryServer};

pub(super) struct World {
    pub(super) registry: DockerRegistry,
    pub(super) home: Home,
    pub(super) gun: String,
    runtime: tokio::runtime::Runtime,
    server: NotaryServer,
    _dir: TempDir,
}

impl World {
    /// A repository with one signer, whose images are in a registry of this machine.
    pub(super) fn start() -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let registry = DockerRegistry::start(dir.path(), &Protection::Nobody, None)?;
        let server = NotaryServer::start()?;
        let home = Home::new(&server);
        let gun = format!("localhost:{}/team/app", registry.port);
        let alice = home.generate_key("alice");
        home.docker(&["signer", "add", "--key", &alice, "alice", &gun]).ok();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        Some(Self { registry, home, gun, runtime, server, _dir: dir })
    }

    /// Another machine that uses the same trust server.
    pub(super) fn another_home(&self) -> Home {
        Home::new(&self.server)
    }

    pub(super) fn push(&self, tag: &str, image: &Image) {
        self.runtime.block_on(image.push(&self.registry.url, "team/app", tag));
    }

    pub(super) fn image(&self, tag: &str) -> String {
        format!("{}:{tag}", self.gun)
    }
}

#[test]
fn what_is_signed_from_the_registry_is_seen_by_docker_and_proven_until_a_blob_changes() {
    let Some(world) = World::start() else { return };
    let home = &world.home;
    let image = Image::new(OCI_MANIFEST, &[b"first layer", b"second layer"]);
    let index = Image::index(OCI_INDEX, &[&image]);
    world.push("1.0", &image);
    world.push("both", &index);
    home.trustdeck(&["sign", &world.image("1.0"), &world.image("both"), "--publish", "--yes"]).ok();
    let shown = home.docker(&["inspect", &world.gun]).ok().json();
    let tags = shown[0]["SignedTags"].as_array().unwrap().clone();
    let hex = |image: &Image| image.digest().trim_start_matches("sha256:").to_owned();
    let digests: Vec<&str> = tags.iter().map(|tag| tag["Digest"].as_str().unwrap()).collect();
    assert_eq!(digests, [hex(&image), hex(&index)], "an index too");
    let reference = home.trustdeck(&["resolve", &world.image("1.0")]).ok().stdout;
    assert_eq!(reference.trim(), format!("{}@{}", world.gun, image.digest()));
    home.trustdeck(&["verify", &world.gun, "--deep"]).ok();
    assert_eq!(home.trustdeck(&["drift", &world.gun]).ok().stdout, "");

    let layer = world.registry.blob_file(&digest(b"second layer"));
    std::fs::write(&layer, b"second lAyer").unwrap();
    let changed = home.trustdeck(&["verify", &world.image("1.0"), "--deep"]).ended(6);
    assert!(changed.stderr.contains("layer 2 of 2") && changed.stderr.contains("sends other bytes"), "{changed:?}");
    std::fs::write(&layer, b"second").unwrap();
    let cut = home.trustdeck(&["verify", &world.image("1.0"), "--deep"]).ended(6);
    assert!(cut.stderr.contains("layer 2 of 2") && cut.stderr.contains("another length"), "{cut:?}");

    world.push("1.0", &Image::new(OCI_MANIFEST, &[b"pushed again"]));
    let drift = home.trustdeck(&["drift", &world.gun]).ended(10).stdout;
    assert!(drift.contains(&world.image("1.0")), "{drift}");
    home.trustdeck(&["revoke", &world.image("1.0"), "--publish", "--yes"]).ok();
    home.trustdeck(&["resolve", &world.image("1.0")]).ended(1);
    let shown = home.docker(&["inspect", &world.gun]).ok().json();
    assert_eq!(shown[0]["SignedTags"].as_array().unwrap().len(), 1);
}
