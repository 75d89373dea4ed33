//! Measures how long connections take.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tower_layer::Layer;
use tower_service::Service;

use super::turns::Turns;

/// Tells [`Turns`] of each new connection.
#[derive(Clone)]
pub(super) struct Timed {
    turns: Arc<Turns>,
    /// Round trips that a connection costs: one for TCP, one for TLS.
    trips: u32,
}

impl Timed {
    pub(super) fn new(turns: Arc<Turns>, is_encrypted: bool) -> Self {
        Self { turns, trips: if is_encrypted { 2 } else { 1 } }
    }
}

impl<S> Layer<S> for Timed {
    type Service = Connecting<S>;

    fn layer(&self, inner: S) -> Connecting<S> {
        Connecting { inner, timed: self.clone() }
    }
}

/// A connector that is measured.
#[derive(Clone)]
pub(super) struct Connecting<S> {
    inner: S,
    timed: Timed,
}

impl<S, R> Service<R> for Connecting<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (connecting, timed) = (self.inner.call(request), self.timed.clone());
        Box::pin(async move {
            let began = Instant::now();
            timed.turns.connecting();
            let connection = connecting.await?;
            timed.turns.connected(began.elapsed() / timed.trips);
            Ok(connection)
        })
    }
}
