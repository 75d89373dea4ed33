//! The gate: what `skopeo` and `podman` get through it, over the sandbox and over real servers.

mod clients;
mod lab;
mod limits;
mod raw;
mod real;
