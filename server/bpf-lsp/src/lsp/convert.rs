//! Between the protocol's types and ours; the only place where byte offsets meet positions, and where
//! text that may come out of files becomes text that an editor shows.

use bpf::rule::Rule;
use ide::{
    Analysis, Document,
    answer::{
        Completion, CompletionKind, FileEdits, Finding, InlayHint, Lens, Place, Symbol, SymbolKind,
    },
    lines::{Encoding, LineCol},
    rules,
};
use serde_json::json;
use tower_lsp::lsp_types as lsp;

/// One line as an editor may show it: names in it can hold anything.
fn shown(text: &str) -> String {
    btf::shown::line(text).into_owned()
}

/// Byte offset of a position in a document; clamped.
pub(super) fn offset(document: &Document, at: lsp::Position, encoding: Encoding) -> u32 {
    let at = LineCol { line: at.line, col: at.character };
    document.lines().offset(&document.text, at, encoding) as u32
}

/// Position of a byte offset in a document; clamped.
pub(super) fn position(document: &Document, offset: u32, encoding: Encoding) -> lsp::Position {
    let at = document.lines().position(&document.text, offset as usize, encoding);
    lsp::Position { line: at.line, character: at.col }
}

/// Range in a document.
pub(super) fn range(
    document: &Document,
    bytes: &std::ops::Range<u32>,
    encoding: Encoding,
) -> lsp::Range {
    lsp::Range {
        start: position(document, bytes.start, encoding),
        end: position(document, bytes.end.max(bytes.start), encoding),
    }
}

/// What is needed to turn places of any file into locations.
pub(super) struct Places<'a> {
    /// The snapshot that knows the texts.
    pub(super) analysis: &'a Analysis,
    /// Column units.
    pub(super) encoding: Encoding,
    /// The client's own spelling of the URIs of open documents.
    pub(super) uris: &'a super::uris::Uris,
}

impl Places<'_> {
    /// A location, when the file can be named.
    pub(super) fn location(&self, place: &Place) -> Option<lsp::Location> {
        let uri = self.uris.uri(&place.path)?;
        // The beginning of a file needs no text; it may be an object.
        let range = if place.range == (0..0) {
            lsp::Range::default()
        } else {
            range(&*self.analysis.document(&place.path)?, &place.range, self.encoding)
        };
        Some(lsp::Location { uri, range })
    }

    /// A finding as diagnostic of `document`.
    pub(super) fn diagnostic(&self, document: &Document, finding: &Finding) -> lsp::Diagnostic {
        use bpf::diagnostic::Severity;
        let related: Vec<_> = finding
            .related
            .iter()
            .filter_map(|(place, text)| {
                Some(lsp::DiagnosticRelatedInformation {
                    location: self.location(place)?,
                    message: shown(text),
                })
            })
            .collect();
        lsp::Diagnostic {
            range: range(document, &finding.range, self.encoding),
            severity: Some(match finding.severity {
                Severity::Error => lsp::DiagnosticSeverity::ERROR,
                Severity::Warning => lsp::DiagnosticSeverity::WARNING,
                Severity::Information => lsp::DiagnosticSeverity::INFORMATION,
                Severity::Hint => lsp::DiagnosticSeverity::HINT,
            }),
            code: Some(lsp::NumberOrString::String(finding.rule.id.to_owned())),
            code_description: page(finding.rule),
            source: Some("bpf-lsp".to_owned()),
            message: shown(&finding.message),
            related_information: (!related.is_empty()).then_some(related),
            ..lsp::Diagnostic::default()
        }
    }

    /// The quick fixes of a finding.
    pub(super) fn fixes(&self, document: &Document, finding: &Finding) -> Vec<lsp::CodeAction> {
        let diagnostic = self.diagnostic(document, finding);
        let mut actions = Vec::new();
        for fix in &finding.fixes {
            let mut edit = lsp::WorkspaceEdit::default();
            let changes = edit.changes.get_or_insert_default();
            for edit in &fix.edits {
                let Some(location) = self.location(&edit.at) else { continue };
                changes
                    .entry(location.uri)
                    .or_insert_with(Vec::new)
                    .push(lsp::TextEdit { range: location.range, new_text: edit.text.clone() });
            }
            actions.push(lsp::CodeAction {
                title: shown(&fix.title),
                kind: Some(lsp::CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![diagnostic.clone()]),
                edit: Some(edit),
                is_preferred: Some(actions.is_empty()),
                ..lsp::CodeAction::default()
            });
        }
        actions
    }
}

impl Places<'_> {
    /// Edits of several files, with the versions they are meant for where the client takes them. Fails
    /// when a file cannot be named or read any more.
    pub(super) fn workspace_edit(
        &self,
        files: Vec<FileEdits>,
        versions: bool,
    ) -> Option<lsp::WorkspaceEdit> {
        let mut edits = Vec::new();
        for file in files {
            let document = self.analysis.document(&file.path)?;
            let uri = self.uris.uri(&file.path)?;
            let open = self.analysis.open_document(&file.path).map(|document| document.version);
            let texts: Vec<lsp::TextEdit> = file
                .edits
                .into_iter()
                .map(|edit| lsp::TextEdit {
                    range: range(&document, &edit.at, self.encoding),
                    new_text: edit.text,
                })
                .collect();
            edits.push((uri, open, texts));
        }
        if !versions {
            let changes = edits.into_iter().map(|(uri, _, texts)| (uri, texts)).collect();
            return Some(lsp::WorkspaceEdit::new(changes));
        }
        let documents = edits.into_iter().map(|(uri, version, texts)| lsp::TextDocumentEdit {
            text_document: lsp::OptionalVersionedTextDocumentIdentifier { uri, version },
            edits: texts.into_iter().map(lsp::OneOf::Left).collect(),
        });
        Some(lsp::WorkspaceEdit {
            document_changes: Some(lsp::DocumentChanges::Edits(documents.collect())),
            ..lsp::WorkspaceEdit::default()
        })
    }
}

/// The link from a finding to the page about its rule.
fn page(rule: &Rule) -> Option<lsp::CodeDescription> {
    let href = lsp::Url::parse(&rules::page_url(rule)).ok()?;
    Some(lsp::CodeDescription { href })
}

/// An outline entry.
pub(super) fn symbol(
    document: &Document,
    symbol: &Symbol,
    encoding: Encoding,
) -> lsp::DocumentSymbol {
    let kind = match symbol.kind {
        SymbolKind::Section => lsp::SymbolKind::NAMESPACE,
        SymbolKind::Variable => lsp::SymbolKind::VARIABLE,
        SymbolKind::Map => lsp::SymbolKind::OBJECT,
        SymbolKind::Program => lsp::SymbolKind::EVENT,
        SymbolKind::Function => lsp::SymbolKind::FUNCTION,
        SymbolKind::Struct => lsp::SymbolKind::STRUCT,
        SymbolKind::Enum => lsp::SymbolKind::ENUM,
        SymbolKind::Typedef => lsp::SymbolKind::INTERFACE,
    };
    #[allow(deprecated, reason = "the struct has no other constructor")]
    lsp::DocumentSymbol {
        name: shown(&symbol.name),
        detail: (!symbol.detail.is_empty()).then(|| shown(&symbol.detail)),
        kind,
        tags: None,
        deprecated: None,
        range: range(document, &symbol.range, encoding),
        selection_range: range(document, &symbol.selection, encoding),
        children: None,
    }
}

/// An entry of a completion list.
pub(super) fn completion(
    document: &Document,
    item: Completion,
    encoding: Encoding,
    snippets: bool,
) -> lsp::CompletionItem {
    let kind = match item.kind {
        CompletionKind::Text => lsp::CompletionItemKind::VALUE,
        CompletionKind::Constant => lsp::CompletionItemKind::CONSTANT,
        CompletionKind::Member => lsp::CompletionItemKind::FIELD,
        CompletionKind::Variable => lsp::CompletionItemKind::VARIABLE,
        CompletionKind::Function => lsp::CompletionItemKind::FUNCTION,
        CompletionKind::Snippet => lsp::CompletionItemKind::SNIPPET,
    };
    let snippet = item.snippet.filter(|_| snippets);
    let format = snippet.as_ref().map(|_| lsp::InsertTextFormat::SNIPPET);
    let markup = lsp::MarkupContent {
        kind: lsp::MarkupKind::Markdown,
        value: item.documentation.into_string(),
    };
    let documentation =
        (!markup.value.is_empty()).then_some(lsp::Documentation::MarkupContent(markup));
    lsp::CompletionItem {
        kind: Some(kind),
        detail: (!item.detail.is_empty()).then(|| shown(&item.detail)),
        documentation,
        sort_text: Some(format!("{:03}{}", item.rank, shown(&item.label))),
        // What clients compare with the text that is replaced.
        filter_text: Some(match kind {
            lsp::CompletionItemKind::SNIPPET => item.label.clone(),
            _ => item.insert.clone(),
        }),
        insert_text_format: format,
        text_edit: Some(lsp::CompletionTextEdit::Edit(lsp::TextEdit {
            range: range(document, &item.replace, encoding),
            new_text: snippet.unwrap_or(item.insert),
        })),
        label: shown(&item.label),
        ..lsp::CompletionItem::default()
    }
}

/// A code lens with the command that the client implements.
pub(super) fn lens(
    document: &Document,
    uri: &lsp::Url,
    lens: &Lens,
    encoding: Encoding,
) -> lsp::CodeLens {
    let range = range(document, &lens.range, encoding);
    lsp::CodeLens {
        range,
        command: Some(lsp::Command {
            // VS Code makes icons of `$(name)` in titles.
            title: shown(&lens.title).replace("$(", "$\\u{28}"),
            command: "bpf-lsp.showSkeleton".to_owned(),
            arguments: Some(vec![json!(uri), json!(lens.kind.as_str()), json!(range.start)]),
        }),
        data: None,
    }
}

/// An inlay hint.
pub(super) fn inlay_hint(
    document: &Document,
    hint: &InlayHint,
    encoding: Encoding,
) -> lsp::InlayHint {
    lsp::InlayHint {
        position: position(document, hint.offset, encoding),
        label: lsp::InlayHintLabel::String(shown(&hint.label)),
        kind: None,
        text_edits: None,
        tooltip: (!hint.tooltip.is_empty())
            .then(|| lsp::InlayHintTooltip::String(shown(&hint.tooltip))),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }
}
