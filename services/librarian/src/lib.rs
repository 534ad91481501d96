//! The librarian: turns contributions into articles, keeps the library findable, answers questions about it.

pub mod api;
pub mod asked;
pub mod catalogue;
pub mod commons;
pub mod consent;
pub mod curate;
mod figures;
pub mod graph;
pub mod handlers;
pub mod inbox;
pub mod index;
pub mod library;
pub mod meaning;
pub mod nights;
pub mod once;
mod parallel;
pub mod service;
pub mod settings;
pub mod snippet;
pub mod tending;
pub mod transformer;
pub mod translate;
pub mod uses;
pub mod windows;
