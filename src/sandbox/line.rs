//! The connections: accepts them, serves HTTP/1.1 on them, and cuts them where a fault asks for it.
//!
//! A handler cannot reach its socket. It answers with a response that carries a [`Cut`]; the
//! service turns that into an error, which ends hyper's connection without a byte written, and
//! the task that owns the connection gets the socket back and cuts it by hand.
//!
//! **Invariant:** a request that was sent in full is served, also when its client has left.
//! **Invariant:** only this file touches a socket.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a request without an answer is held, if its client stays that long.
const SILENCE: Duration = Duration::from_secs(120);

/// How a connection ends in place of an answer.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    /// With a reset (RST).
    Reset,
    /// With a close (FIN).
    Fin,
    /// With these bytes, and a close.
    After(Bytes),
    /// With nothing, until the client goes away or [`SILENCE`] is over.
    Silence,
}

/// What a response carries that is not to be sent: its connection is to end.
#[derive(Clone)]
pub(super) struct Cut {
    ending: Ending,
    /// What lives until the connection has ended.
    guard: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cut").field(&self.ending).finish()
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox cuts this connection")
    }
}

impl Error for Cut {}

impl Ending {
    /// The response that makes the connection end so.
    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Cut { ending: self, guard: None });
        response
    }

    async fn apply(self, mut socket: TcpStream) {
        // The client may be gone already; then there is nothing left to cut.
        let _ = match self {
            Ending::Reset => socket.set_zero_linger(),
            Ending::Fin => Ok(()),
            Ending::After(bytes) => socket.write_all(&bytes).await,
            Ending::Silence => {
                let mut sink = tokio::io::sink();
                let gone = tokio::io::copy(&mut socket, &mut sink);
                let _ = tokio::time::timeout(SILENCE, gone).await;
                Ok(())
            }
        };
    }
}

/// Keeps `guard` until the request has ended: until now, unless its connection is yet to be cut.
pub(super) fn keep_until_cut(response: &mut Response, guard: impl Any + Send + Sync) {
    if let Some(cut) = response.extensions_mut().get_mut::<Cut>() {
        cut.guard = Some(Arc::new(guard));
    }
}

/// Accepts connections until `stop`, and serves each in a task of its own.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((socket, _)) => {
                tasks.spawn(stop.clone().run_until_cancelled_owned(serve(socket, router.clone())));
            }
            // Mostly too many open files: connections that end make room.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(socket: TcpStream, router: Router) {
    // An answer that waits for Nagle's algorithm would still be right, only late.
    let _ = socket.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let answer = router.call(request);
        Box::pin(async move { answer_or_cut(answer.await) })
    });
    let mut connection = http1::Builder::new()
        // Else a client that sends a request and leaves at once would undo what it sent.
        .half_close(true)
        .serve_connection(TokioIo::new(socket), service);
    if let Err(error) = (&mut connection).await
        && let Some(cut) = error.source().and_then(|source| source.downcast_ref::<Cut>())
    {
        let Cut { ending, guard } = cut.clone();
        ending.apply(connection.into_parts().io.into_inner()).await;
        drop(guard);
    }
}

fn answer_or_cut(answer: Result<Response, Infallible>) -> Result<Response, Cut> {
    let Ok(mut response) = answer;
    match response.extensions_mut().remove::<Cut>() {
        Some(cut) => Err(cut),
        None => Ok(response),
    }
}
