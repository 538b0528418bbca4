//! The accept loop: HTTP/1.1 and HTTP/2 on plain TCP, with connections that
//! can really be reset.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::edge::ConnectionReset;

/// How long open connections may go on after the shutdown. One that hangs on
/// purpose would go on for ever.
const GRACE: Duration = Duration::from_millis(300);

pub(super) async fn serve(
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(router.clone(), stream, stopped.clone()));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => return Err(error),
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    // Nobody listens any more only if there is no connection left to tell.
    let _ = stop.send(true);
    let all = async { while connections.join_next().await.is_some() {} };
    // Those that are left are dropped with the set.
    let _ = tokio::time::timeout(GRACE, all).await;
    Ok(())
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn connection(router: Router, stream: TcpStream, mut stopped: watch::Receiver<bool>) {
    // Small answers must not wait for the other side's acknowledgement.
    let _ = stream.set_nodelay(true);
    let broken = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(Resettable {
        stream,
        broken: Arc::clone(&broken),
    });
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, broken) = (router.clone(), Arc::clone(&broken));
        async move { answer(router, request, &broken).await }
    });
    let builder = Builder::new(TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(io, service));
    // A connection that ends in an error is the client's doing or a fault's:
    // neither is the server's concern.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    broken: &AtomicBool,
) -> io::Result<Response<Body>> {
    let is_http2 = request.version() == http::Version::HTTP_2;
    let response = match router.oneshot(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if response.extensions().get::<ConnectionReset>().is_some() {
        // HTTP/2 resets the stream by itself when the service fails; its
        // connection carries other requests.
        if !is_http2 {
            broken.store(true, Ordering::SeqCst);
        }
        return Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "a simulated fault",
        ));
    }
    Ok(response)
}

/// A connection that ends in a reset instead of a polite goodbye, once a fault
/// says so.
struct Resettable {
    stream: TcpStream,
    broken: Arc<AtomicBool>,
}

impl Resettable {
    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::SeqCst)
    }
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.is_broken() {
            // Closing a socket that lingers for no time resets it. If that
            // fails, it closes: still no answer.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Resettable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Resettable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_broken() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
