//! A body that is short, or refused: a form, an id, a few words of JSON.
//!
//! Its bytes are copied. What is read from the network comes in pieces, and each keeps the whole buffer alive that it
//! was read into: a body of one byte at a time would hold a thousand times its size.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;

use crate::refusal::Reason;

/// Reads at most `limit` bytes within `deadline`.
pub(crate) async fn read<B>(body: B, limit: usize, deadline: Duration) -> Result<Bytes, Reason>
where
    B: Body<Data = Bytes>,
{
    tokio::time::timeout(deadline, collect(body, limit)).await.map_err(|_| Reason::BodyTimeout)?
}

async fn collect<B>(body: B, limit: usize) -> Result<Bytes, Reason>
where
    B: Body<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Reason::MalformedRequest)?;
        let data = frame.data_ref().map_or(&[][..], |data| data);
        // Before it is copied, so that memory never grows beyond the limit.
        if data.len() > limit.saturating_sub(bytes.len()) {
            return Err(Reason::BodyTooLarge);
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::StreamBody;

    fn pieces(count: usize, buffer: &Bytes) -> impl Body<Data = Bytes, Error = std::convert::Infallible> {
        let frames: Vec<_> = (0..count).map(|_| Ok(http_body::Frame::data(buffer.slice(..1)))).collect();
        StreamBody::new(futures_util::stream::iter(frames))
    }

    #[tokio::test]
    async fn what_is_kept_is_copied_and_nothing_beyond_the_limit() {
        let buffer = Bytes::from(vec![b'x'; 16 * 1024]);
        let read = read(pieces(100, &buffer), 100, Duration::from_secs(1)).await.unwrap();
        assert_eq!(read.len(), 100);
        assert!(buffer.is_unique(), "nobody holds on to what was read into");
        let longer = super::read(pieces(101, &buffer), 100, Duration::from_secs(1)).await;
        assert_eq!(longer, Err(Reason::BodyTooLarge));
    }
}
