//! An answer that comes from elsewhere, for as long as its call may go on.

use std::pin::Pin;

use http::StatusCode;

use super::addon_call::AddonCall;
use super::answer::{self, Answer, AnswerBody};
use crate::exchanges::{CutBody, Open};

/// An answer on its way. Boxed: the compiler cannot tell that what it borrows may be sent otherwise.
pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// An answer that comes from elsewhere: it is waited for and passed on for as long as its call may go on.
pub(super) async fn followed(open: Open<AddonCall>, answering: Answering<'_>) -> Answer {
    let cut = open.cut();
    tokio::select! {
        // A call that may not go on gets nothing of an answer that is ready at the same moment.
        biased;
        () = cut => answer::plain(StatusCode::FORBIDDEN),
        answer = answering => answer.map(|body| AnswerBody::new(CutBody::new(body, open.of_any()))),
    }
}
