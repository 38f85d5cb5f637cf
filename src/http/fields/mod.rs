//! What is known of header names: one table, and the views of it that stages ask.
//!
//! Of a name it says what it is: for one hop, framing, part of the message, only ours to say, for heads alone, or of
//! effect beyond the answer that it stands in. A name is in the table once, whoever asks about it, so that no stage has
//! a list that another does not know of (S-13, S-180, S-181). Nothing here changes a header.
//!
//! Names are compared squashed: WSGI, CGI and PHP fold `-`, `_` and `.` into one character, so two spellings of one
//! name reach an add-on as one variable (S-02, S-03).

mod answers;
mod field;
mod names;
mod requests;
mod rules;
mod views;

pub use field::{Effect, Fate, Field, Property};
pub(crate) use names::{Names, squashed};
pub(crate) use rules::{Untouchable, may_remove, may_set};
pub use views::{FieldLocation, all};
pub(crate) use views::{
    Passage, fate, is_for_one_hop, is_known, is_of_the_message, is_ours, is_taken_from_requests, passage, reserved,
    strips_the_message,
};
