//! Pages about code, and questions by its names, flags and paths.

use super::{Asked, Written};

/// The pages.
pub(super) const PAGES: &[Written] = &[
    Written {
        path: "code/e0308",
        title: "Mismatched types in a match",
        body: "`error[E0308]` says that the arms of a match have different types. Give each the same, or end them with a semicolon.",
    },
    Written {
        path: "code/e0382",
        title: "Use of a moved value",
        body: "`error[E0382]` says that a value was used after it moved. Borrow it, or clone it before.",
    },
    Written {
        path: "code/e0277",
        title: "A trait bound is not satisfied",
        body: "`error[E0277]` says that a type lacks a trait. Derive it, or bound the parameter.",
    },
    Written {
        path: "code/no-pager",
        title: "git in scripts",
        body: "Run `git --no-pager log -5` in a script; otherwise the job waits for a key for ever.",
    },
    Written {
        path: "code/pager",
        title: "Choose what shows long output of git",
        body: "`git config core.pager less` sets the pager; `git --paginate status` uses it once.",
    },
    Written {
        path: "code/config-maps",
        title: "Look at the settings of a namespace",
        body: "`kubectl get cm -n payments` lists them; `kubectl describe cm web` shows one.",
    },
    Written {
        path: "code/pods",
        title: "Look at the pods of a namespace",
        body: "`kubectl get pods -n payments` lists them; `kubectl describe pod web` shows one.",
    },
    Written {
        path: "code/snake",
        title: "Names in the JSON of the API",
        body: "The server sends snake_case. In Rust, put `#[serde(rename_all = \"camelCase\")]` where a client wants the other.",
    },
    Written {
        path: "code/camel",
        title: "Names in the web client",
        body: "The web client reads camelCase only; its linter refuses snake names.",
    },
    Written {
        path: "code/lib-12",
        title: "The parser fails on an empty line",
        body: "It panics at src/lib.rs:12 because there is no first token. Look before you take it.",
    },
    Written {
        path: "code/lib-120",
        title: "The parser fails on a long line",
        body: "It overflows at src/lib.rs:120, where columns are counted in u8.",
    },
    Written {
        path: "code/main-12",
        title: "The program ends at once",
        body: "src/main.rs:12 reads a settings file that is not there.",
    },
];

/// The questions.
pub(super) const QUESTIONS: &[Asked] = &[
    Asked { question: "E0308", first: "code/e0308" },
    Asked { question: "what does error[E0382] mean", first: "code/e0382" },
    Asked { question: "--no-pager", first: "code/no-pager" },
    Asked { question: "which setting is core.pager?", first: "code/pager" },
    Asked { question: "kubectl get cm", first: "code/config-maps" },
    Asked { question: "kubectl get pods", first: "code/pods" },
    Asked { question: "snake_case", first: "code/snake" },
    Asked { question: "camelCase linter of the web client", first: "code/camel" },
    Asked { question: "src/lib.rs:12", first: "code/lib-12" },
    Asked { question: "overflow at src/lib.rs:120", first: "code/lib-120" },
    Asked { question: "src/main.rs:12", first: "code/main-12" },
    Asked { question: "serde rename_all", first: "code/snake" },
];
