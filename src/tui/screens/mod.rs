//! What fills the whole screen: the review of the plan, and the publish.

pub mod blank;
pub mod commands;
pub mod concepts;
pub mod effect_box;
pub mod publish;
pub mod publish_view;
pub mod review;
pub mod review_page;
pub mod review_toggle;
pub mod review_view;
