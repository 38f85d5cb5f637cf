//! The server's side of the control socket.
//!
//! Who asks is known from the kernel before a byte is read. A question that is being answered is never cut off: a
//! revocation that was begun is finished.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::error::Category;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};
use zeroize::Zeroizing;

use super::socket::ControlSocket;
use super::{ANSWER_LIMIT, Answer, LINE_TIMEOUT, REQUEST_LIMIT, Request};

/// Answers questions until `stop`, and then those that are open; the socket's file goes with it.
pub async fn serve<H, F>(socket: ControlSocket, handler: H, stop: CancellationToken)
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let (handler, places, open) = (Arc::new(handler), Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    let own = match own_uid() {
        Ok(own) => own,
        Err(error) => return warn!(%error, "the control socket is closed: our own user id is not known"),
    };
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = socket.listener().accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "the control socket could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Root and our own user cannot be kept from doing harm; the limit keeps their mistakes small.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let handler = Arc::clone(&handler);
        open.spawn(async move {
            let _place = place;
            if let Err(error) = attend(stream, own, &*handler).await {
                debug!(%error, "a connection to the control socket broke off");
            }
        });
    }
    // Before the open ones are waited for: who asks now is told at once that nobody listens.
    drop(socket);
    // No cut here: a revocation that has begun is finished, and the process waits for it.
    open.close();
    open.wait().await;
}

async fn attend<H, F>(stream: UnixStream, own: u32, handler: &H) -> io::Result<()>
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    let peer = stream.peer_cred()?.uid();
    let allowed = may_ask(peer, own);
    if !allowed {
        warn!(uid = peer, "a user who may not asked at the control socket");
    }
    converse(stream, allowed, handler).await
}

async fn converse<H, F>(mut stream: UnixStream, allowed: bool, handler: &H) -> io::Result<()>
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    if !allowed {
        // Said without reading a byte of what is asked.
        return say(&mut stream, &Answer::failed("only root and the user that runs vestibule may ask")).await;
    }
    let line = timeout(LINE_TIMEOUT, read_line(&mut stream)).await??;
    let answer = match line.as_deref().map(serde_json::from_slice) {
        None => Answer::failed(format_args!("the question is longer than {REQUEST_LIMIT} bytes")),
        Some(Ok(request)) => handler(request).await,
        Some(Err(error)) if error.classify() == Category::Data => {
            Answer::failed(format_args!("the question was not understood: {error}; is this another version?"))
        }
        Some(Err(_)) => Answer::failed("the question was not understood: it is not one line of JSON"),
    };
    say(&mut stream, &answer).await
}

/// The mode of the file says the same; this holds even when somebody changes the mode.
fn may_ask(peer: u32, own: u32) -> bool {
    peer == 0 || peer == own
}

/// Who we are, without a system call that the standard library does not have: the kernel says so of a pair of our own.
fn own_uid() -> io::Result<u32> {
    let (ours, _theirs) = UnixStream::pair()?;
    Ok(ours.peer_cred()?.uid())
}

/// One line, or `None` when it is too long.
async fn read_line(stream: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(REQUEST_LIMIT)).read_until(b'\n', &mut line).await?;
    // A line that ends with the connection is whole too; one that ends at the limit may go on.
    let whole = line.last() == Some(&b'\n') || u64::try_from(line.len()).is_ok_and(|length| length < REQUEST_LIMIT);
    Ok(whole.then_some(line))
}

async fn say(stream: &mut UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = Zeroizing::new(serde_json::to_vec(answer)?);
    if u64::try_from(line.len()).is_ok_and(|length| length >= ANSWER_LIMIT) {
        line = Zeroizing::new(serde_json::to_vec(&Answer::failed("the answer is too long"))?);
    }
    line.push(b'\n');
    timeout(LINE_TIMEOUT, stream.write_all(&line)).await??;
    stream.shutdown().await?;
    // Were the socket closed with something unread in it, the kernel would take the answer back (unix(7)).
    let _left = timeout(LINGER, tokio::io::copy(&mut stream.take(LINGER_LIMIT), &mut tokio::io::sink())).await;
    Ok(())
}

/// Questions at the same time.
const CONNECTIONS: usize = 16;

/// After an accept that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long an asker may take to fetch the answer.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes behind a question that are read to be thrown away.
const LINGER_LIMIT: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    #[test]
    fn only_root_and_the_same_user_may_ask() {
        assert!(may_ask(0, 1000) && may_ask(1000, 1000));
        assert!(!may_ask(1001, 1000) && !may_ask(1000, 0));
    }

    #[test]
    fn our_own_user_id_is_that_of_our_files() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(runtime.block_on(async { own_uid().unwrap() }), file.as_file().metadata().unwrap().uid());
    }

    #[tokio::test(start_paused = true)]
    async fn another_user_is_told_no_and_nothing_is_done() {
        let (mut asker, stream) = UnixStream::pair().unwrap();
        asker.write_all(b"{\"ask\":\"sessions_revoke\",\"what\":\"all\"}\n").await.unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        let revoke = |_| {
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            async { Answer::Revoked { count: 1 } }
        };
        converse(stream, false, &revoke).await.unwrap();
        let mut told = String::new();
        asker.read_to_string(&mut told).await.unwrap();
        assert!(told.contains("only root"), "{told}");
        assert!(!done.into_inner());
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_does_not_come_is_not_waited_for() {
        let (_asker, stream) = UnixStream::pair().unwrap();
        let never = |_| async { Answer::Revoked { count: 1 } };
        let error = converse(stream, true, &never).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
