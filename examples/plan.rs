//! Reads a repository of the embedded sandbox and plans a change to it: `cargo run --example plan`. Nothing is sent.

use std::sync::Arc;

use trustdeck::engine::{Change, Engine};
use trustdeck::sandbox;
use trustdeck::tuf::{Gun, SignerName};

#[tokio::main]
#[allow(clippy::print_stdout)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let sandbox = sandbox::start(sandbox::Options::default()).await?;
    let engine = Engine::open(sandbox.settings(), Arc::new(jiff::Timestamp::now))?;

    let gun = Gun::parse("registry.sandbox/team/api")?;
    let view = engine.views().refresh(&gun).await?;
    println!("{gun}: {} tags, {:?}", view.tags.len(), view.health);

    engine.stage().stage(vec![(gun, Change::RemoveSigner { name: SignerName::parse("ben")? })])?;
    for planned in engine.stage().plan(None)?.repositories {
        println!("tags trusted before and after: {} and {}", planned.tags.before, planned.tags.after);
        for warning in &planned.warnings {
            println!("{:?}: {}", warning.weight, warning.headline);
        }
    }
    sandbox.shutdown().await;
    Ok(())
}
