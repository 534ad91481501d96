//! Shapes of providers of models and of what agents use beside them.

use super::{Check::*, Shape};

#[rustfmt::skip]
pub(super) const SHAPES: &[Shape] = &[
    ("anthropic-key", &["sk-ant-"], r"sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{24,}", Value, true),
    ("openai-key", &["sk-"], r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{24,}", Value, true),
    ("openai-key", &["T3BlbkFJ"], r"sk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}", Value, true),
    ("openai-key", &["sess-"], r"sess-[A-Za-z0-9]{40}", Value, true),
    ("model-key", &["sk-"], r"sk-(?:or-v1-|lf-|litellm-|helicone-|kimi-)?[A-Za-z0-9]{30,}", Random, false),
    ("huggingface-token", &["hf_", "api_org_"], r"(?:hf|api_org)_[A-Za-z0-9]{34,40}", Value, true),
    ("groq-key", &["gsk_"], r"gsk_[A-Za-z0-9]{48,56}", Value, true),
    ("xai-key", &["xai-"], r"xai-[A-Za-z0-9]{60,}", Value, true),
    ("perplexity-key", &["pplx-"], r"pplx-[A-Za-z0-9]{40,}", Value, true),
    ("replicate-token", &["r8_"], r"r8_[A-Za-z0-9]{37}", Value, true),
    ("fireworks-key", &["fw_"], r"fw_[A-Za-z0-9]{22,}", Random, true),
    ("together-key", &["tgp_v1_"], r"tgp_v1_[A-Za-z0-9_-]{40,}", Value, true),
    ("cerebras-key", &["csk-"], r"csk-[a-z0-9]{40,}", Value, true),
    ("nvidia-key", &["nvapi-"], r"nvapi-[A-Za-z0-9_-]{60,}", Value, true),
    ("tavily-key", &["tvly-"], r"tvly-(?:dev-|prod-)?[A-Za-z0-9_-]{28,}", Value, true),
    ("langsmith-key", &["lsv2_"], r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}", Value, true),
    ("langfuse-key", &["sk-lf-"], r"sk-lf-[a-f0-9-]{36}", Value, true),
    ("pinecone-key", &["pcsk_"], r"pcsk_[A-Za-z0-9_]{40,}", Value, true),
    ("voyage-key", &["pa-"], r"\bpa-[A-Za-z0-9_-]{43}\b", Random, false),
    ("jina-key", &["jina_"], r"jina_[A-Za-z0-9_-]{50,}", Value, true),
    ("firecrawl-key", &["fc-"], r"\bfc-[a-f0-9]{32}\b", Value, true),
    ("elevenlabs-key", &["sk_"], r"\bsk_[a-f0-9]{48}\b", Value, true),
    ("e2b-key", &["e2b_"], r"e2b_[a-f0-9]{40}", Value, true),
    ("composio-key", &["comp_"], r"comp_[A-Za-z0-9]{20,}", Random, false),
    ("deepseek-key", &["deepseek", "mistral", "cohere", "deepgram", "assemblyai"], r#"(?i)(?:deepseek|mistral|cohere|deepgram|assemblyai)[\w.-]{0,20}(?:key|token)["'`]?\s{0,3}(?:=|:|is)\s{0,3}["'`]?(?P<v>(?:sk-)?[A-Za-z0-9]{32,40})\b"#, Mixed, false),
];
