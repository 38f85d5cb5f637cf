//! A file that our pages need: the same for everybody, named after its content, and kept by browsers for good.

use std::io::Write as _;
use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};
#[cfg(feature = "brotli")]
use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};

use super::response::{Page, content};
use crate::http::{Coding, wanted_coding};

/// A file under our own path.
#[derive(Debug)]
pub(super) struct Asset {
    /// Its name, with the digest of its content in it.
    name: String,
    media: &'static str,
    bytes: Bytes,
    /// In each coding; made when it is first asked for.
    gzip: OnceLock<Bytes>,
    #[cfg(feature = "brotli")]
    brotli: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
}

impl Asset {
    /// A file called `stem-DIGEST.extension`.
    pub(super) fn new(stem: &str, extension: &str, media: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = digest(&SHA256, &bytes);
        let digest = data_encoding::HEXLOWER.encode(digest.as_ref().get(..6).unwrap_or_default());
        let name = format!("{stem}-{digest}.{extension}");
        Self {
            name,
            media,
            bytes,
            gzip: OnceLock::new(),
            #[cfg(feature = "brotli")]
            brotli: OnceLock::new(),
            zstd: OnceLock::new(),
        }
    }

    pub(super) fn media(&self) -> &str {
        self.media
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its address on every host.
    pub(super) fn address(&self) -> String {
        format!("/.vestibule/{}", self.name)
    }

    /// The answer to a request for it.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Page {
        // Pictures are compressed already, except for those that are texts.
        let coding = wanted_coding(headers).filter(|_| !matches!(self.media, "image/png" | "image/webp"));
        let bytes = coding.map_or(&self.bytes, |coding| {
            let kept = match coding {
                Coding::Gzip => &self.gzip,
                #[cfg(feature = "brotli")]
                Coding::Brotli => &self.brotli,
                Coding::Zstd => &self.zstd,
            };
            kept.get_or_init(|| compressed(coding, &self.bytes, Effort::Best))
        });
        let mut page = content(StatusCode::OK, self.media, bytes.clone());
        let answer = page.headers_mut();
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        answer.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        // A picture of the operator's may be a document with scripts; here it is a picture, wherever it is opened.
        answer.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        if let Some(coding) = coding {
            answer.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        page
    }
}

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// For what is made for one answer.
    Quick,
    /// For what is kept.
    Best,
}

/// A page with this coding, where the client wants one. Never for a page with a token in it beside what a client wrote:
/// from the length of such a page the token could be guessed, letter by letter.
pub(super) fn compress(page: Page, headers: &HeaderMap) -> Page {
    let Some(coding) = wanted_coding(headers) else { return page };
    let (mut head, body) = page.into_parts();
    let Some(bytes) = body.into_inner() else { return Page::from_parts(head, http_body_util::Full::default()) };
    head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    head.headers.insert(VARY, HeaderValue::from_static("Cookie, Accept-Encoding"));
    Page::from_parts(head, compressed(coding, &bytes, Effort::Quick).into())
}

fn compressed(coding: Coding, bytes: &[u8], effort: Effort) -> Bytes {
    let best = effort == Effort::Best;
    let done = match coding {
        Coding::Gzip => {
            let level = if best { flate2::Compression::best() } else { flate2::Compression::fast() };
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        #[cfg(feature = "brotli")]
        Coding::Brotli => {
            let parameters =
                BrotliEncoderParams { quality: if best { 9 } else { 4 }, ..BrotliEncoderParams::default() };
            let mut encoder = brotli::CompressorWriter::with_params(Vec::new(), 16 * 1024, &parameters);
            encoder.write_all(bytes).map(|()| encoder.into_inner())
        }
        Coding::Zstd => zstd::bulk::compress(bytes, if best { 15 } else { 3 }),
    };
    done.expect("writing into a vector cannot fail").into()
}

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
