// Renames as clangd's extension does: it takes every name, in the one file. It registers late, as clangd does
// when its server is slow to start, and so is the first that VS Code asks.
const vscode = require('vscode');

const LATE = 4000; // ms

const provider = {
    prepareRename: (document, position) => document.getWordRangeAtPosition(position),
    provideRenameEdits(document, position, newName) {
        const word = document.getText(document.getWordRangeAtPosition(position));
        const edit = new vscode.WorkspaceEdit();
        for (const { index } of document.getText().matchAll(new RegExp(`\\b${word}\\b`, 'g'))) {
            edit.replace(document.uri, new vscode.Range(document.positionAt(index), document.positionAt(index + word.length)), newName);
        }
        return edit;
    },
};

exports.activate = (context) => {
    const register = () => {
        context.subscriptions.push(vscode.languages.registerRenameProvider({ scheme: 'file', language: 'c' }, provider));
        vscode.window.setStatusBarMessage('stub renamer is ready');
    };
    setTimeout(register, LATE);
};
