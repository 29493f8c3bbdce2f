"""The key table: every action that a key or the palette can call, and where.

Keys that terminals or tmux swallow are not used: ctrl+h, ctrl+i, ctrl+m, ctrl+enter, alt+letters,
ctrl+b, ctrl+a. ``d`` stays unbound: a delete habit does nothing.
"""

from __future__ import annotations

from db.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One action and its keys.

    Attributes:
        id: ``noun.verb``; what a config names.
        keys: As Textual names them; empty when only the palette calls it.
        context: Where it acts; one of `CONTEXTS`.
        title: Two or three words.
        tooltip: One sentence.
        action: What Textual runs on the screen or widget of that context.
        command: The command of the registry that it gives; empty for what only moves or shows.
        priority: True for what must act wherever the keys are, also in a box.
    """

    id: str
    keys: tuple[str, ...]
    context: str
    title: str
    tooltip: str
    action: str
    command: str = ""
    priority: bool = False


CONTEXTS = {
    "everywhere": "Everywhere",
    "go": "Go to (after g)",
    "panes": "Panes",
    "list": "In a list",
    "marks": "Marks",
    "reading": "In a timeline",
    "case": "On a case",
    "sheet": "On the cheat sheet",
    "compose": "While writing",
    "review": "Before a reply leaves",
    "finder": "Finding a customer",
    "find": "Finding text",
    "picker": "In a picker",
    "toggles": "In the tag picker",
    "help": "In the help",
    "welcome": "First start",
}

# What can be pressed at one moment, in the order in which the help lists it. `check` refuses a key
# that means two things in one of these.
STACKS = {
    "queues": ("list", "panes", "everywhere"),
    "cases": ("case", "marks", "list", "panes", "everywhere"),
    "timeline": ("case", "reading", "panes", "everywhere"),
    "sheet": ("case", "sheet", "panes", "everywhere"),
    "compose": ("compose",),
    "review": ("review",),
    "finder": ("finder",),
    "find": ("find",),
    "picker": ("picker",),
    "tags": ("picker", "toggles"),
    "go": ("go",),
    "help": ("help",),
    "welcome": ("welcome",),
}

_HERE = "everywhere"

KEYS: tuple[Key, ...] = (
    Key("help.show", ("question_mark", "f1"), _HERE, "Keys", "Show the keys of this pane", "help"),
    Key(
        "palette.open",
        ("colon", "ctrl+p"),
        _HERE,
        "Commands",
        "Find any command by a few letters, with its key and arguments",
        "palette",
    ),
    Key("find.open", ("slash",), _HERE, "Find text", "Find in everything", "find"),
    Key(
        "customer.find",
        ("c",),
        _HERE,
        "Find a customer",
        "Find a customer by a few half-remembered letters",
        "customer",
    ),
    Key("go.menu", ("g",), _HERE, "Go to…", "Show where one can go", "go_menu"),
    Key(
        "queue.pinned",
        tuple("123456789"),
        _HERE,
        "Pinned queue",
        "Show the pinned queue of that number",
        "pinned",
    ),
    Key("queue.all", ("0",), _HERE, "All open", "Show all open cases", "pinned(0)"),
    Key("act.undo", ("u",), _HERE, "Undo", "Take back my last act", "undo"),
    Key("act.redo", ("ctrl+r",), _HERE, "Redo", "Do again what I took back last", "redo"),
    Key("screen.back", ("q",), _HERE, "Back", "Go back to where I came from", "back"),
    Key(
        "screen.cancel",
        ("escape",),
        _HERE,
        "Cancel",
        "Close, clear the marks, or give the pane its size back",
        "cancel",
    ),
    Key("app.quit", ("ctrl+q",), _HERE, "Quit", "Leave Centric; drafts are kept", "quit", "", True),
    Key(
        "theme.toggle", (), _HERE, "Light or dark", "Change between light and dark", "toggle_theme"
    ),
    Key("go.desk", ("i",), "go", "Desk", "Go to the desk", "go('desk')"),
    Key("go.mine", ("m",), "go", "Mine", "Show my cases", "go('mine')"),
    Key("go.unassigned", ("u",), "go", "Unassigned", "Show cases nobody owns", "go('unassigned')"),
    Key("go.snoozed", ("s",), "go", "Snoozed", "Show snoozed cases", "go('snoozed')"),
    Key("go.queue", ("q",), "go", "Any queue…", "Choose a queue by name", "go('queue')"),
    Key("go.customers", ("c",), "go", "Customers…", "Find a customer", "go('customers')"),
    Key("go.top", ("g",), "go", "Top", "Go to the first line of the list", "go('top')"),
    Key("go.close", ("escape",), "go", "Close", "Close this menu", "close"),
    Key("pane.next", ("tab",), "panes", "Next pane", "Go to the next pane", "pane(1)"),
    Key(
        "pane.previous",
        ("shift+tab",),
        "panes",
        "Previous pane",
        "Go to the pane before",
        "pane(-1)",
    ),
    Key(
        "pane.right", ("l", "right"), "panes", "Right", "Go to the pane on the right", "pane_right"
    ),
    Key(
        "pane.left",
        ("h", "left"),
        "panes",
        "Left",
        "Go to the pane on the left; in the leftmost one, back",
        "pane_left",
    ),
    Key(
        "pane.maximise",
        ("plus",),
        "panes",
        "Maximise",
        "Give this pane the whole screen, or take it back",
        "zoom",
    ),
    Key("list.down", ("j", "down"), "list", "Next", "Go one line down", "down"),
    Key("list.up", ("k", "up"), "list", "Previous", "Go one line up", "up"),
    Key(
        "list.half_down", ("ctrl+d",), "list", "Half page down", "Half a page down", "half_page(1)"
    ),
    Key("list.half_up", ("ctrl+u",), "list", "Half page up", "Half a page up", "half_page(-1)"),
    Key("list.page_down", ("pagedown",), "list", "Page down", "A page down", "page(1)"),
    Key("list.page_up", ("pageup",), "list", "Page up", "A page up", "page(-1)"),
    Key("list.first", ("home",), "list", "First", "Go to the first line", "first"),
    Key("list.last", ("G", "end"), "list", "Last", "Go to the last line", "last"),
    Key("list.open", ("enter",), "list", "Open", "Open what is under the cursor", "open"),
    Key("list.mark", ("space",), "marks", "Mark", "Mark this case and go one down", "mark"),
    Key(
        "list.mark_range",
        ("shift+down",),
        "marks",
        "Mark a range",
        "Mark this case and the next",
        "mark_range",
    ),
    Key("list.mark_all", ("asterisk",), "marks", "Mark all", "Mark all, or none", "mark_all"),
    Key("timeline.down", ("j", "down"), "reading", "Down", "One line down", "line(1)"),
    Key("timeline.up", ("k", "up"), "reading", "Up", "One line up", "line(-1)"),
    Key(
        "timeline.half_down",
        ("ctrl+d",),
        "reading",
        "Half page down",
        "Half a page down",
        "half_page(1)",
    ),
    Key(
        "timeline.half_up",
        ("ctrl+u",),
        "reading",
        "Half page up",
        "Half a page up",
        "half_page(-1)",
    ),
    Key("timeline.page_down", ("pagedown",), "reading", "Page down", "A page down", "page(1)"),
    Key("timeline.page_up", ("pageup",), "reading", "Page up", "A page up", "page(-1)"),
    Key(
        "timeline.first",
        ("home",),
        "reading",
        "First contact",
        "Go to the very first contact",
        "first",
    ),
    Key("timeline.last", ("G", "end"), "reading", "Newest", "Go to the newest", "last"),
    Key(
        "timeline.next_message",
        ("J",),
        "reading",
        "Next message",
        "Go to the next message",
        "message(1)",
    ),
    Key(
        "timeline.previous_message",
        ("K",),
        "reading",
        "Message before",
        "Go to the message before",
        "message(-1)",
    ),
    Key(
        "timeline.next_case",
        ("greater_than_sign", "right_square_bracket"),
        "reading",
        "Next case",
        "Go to where the next case begins",
        "case(1)",
    ),
    Key(
        "timeline.previous_case",
        ("less_than_sign", "left_square_bracket"),
        "reading",
        "Case before",
        "Go to where the case before begins",
        "case(-1)",
    ),
    Key(
        "timeline.next_match",
        ("full_stop",),
        "reading",
        "Next match",
        "Go to the next match",
        "match(1)",
    ),
    Key(
        "timeline.previous_match",
        ("comma",),
        "reading",
        "Match before",
        "Go to the match before",
        "match(-1)",
    ),
    Key(
        "timeline.fold",
        ("z",),
        "reading",
        "Fold quotes",
        "Show or fold the quotes of this message",
        "fold",
    ),
    Key(
        "timeline.fold_all",
        ("Z",),
        "reading",
        "Fold all quotes",
        "Show or fold all quotes",
        "fold_all",
    ),
    Key(
        "timeline.events",
        ("V",),
        "reading",
        "Events",
        "Show or hide what agents and rules did",
        "events",
    ),
    Key(
        "timeline.open",
        ("enter",),
        "reading",
        "Open",
        "Make the case of this message the current one",
        "open",
    ),
    Key("sheet.down", ("j", "down"), "sheet", "Down", "One line down", "line(1)"),
    Key("sheet.up", ("k", "up"), "sheet", "Up", "One line up", "line(-1)"),
    Key("sheet.page_down", ("pagedown", "space"), "sheet", "Page down", "A page down", "page(1)"),
    Key("sheet.page_up", ("pageup",), "sheet", "Page up", "A page up", "page(-1)"),
    Key("sheet.open", ("enter",), "sheet", "Customer", "Open the customer in full", "open"),
    Key(
        "case.reply", ("r",), "case", "Reply", "Write a reply; a draft is kept", "compose('reply')"
    ),
    Key(
        "case.note",
        ("n",),
        "case",
        "Note",
        "Write an internal note",
        "compose('note')",
        "note.add",
    ),
    Key("case.tag", ("t",), "case", "Tags", "Set and take away tags", "tags", "case.tag"),
    Key("case.take", ("a",), "case", "Take", "Take the case myself", "take", "case.take"),
    Key(
        "case.assign",
        ("A",),
        "case",
        "Assign…",
        "Give the case to someone",
        "assign",
        "case.owner",
    ),
    Key("case.move", ("m",), "case", "Move…", "Move the case to a queue", "move_case", "case.move"),
    Key(
        "case.urgency",
        ("exclamation_mark",),
        "case",
        "Urgency…",
        "Say how urgent it is",
        "urgency",
        "case.urgency",
    ),
    Key(
        "case.resolve",
        ("e",),
        "case",
        "Resolve…",
        "Resolve the case, say how, and go on",
        "resolve",
        "case.resolve",
    ),
    Key("case.reopen", ("E",), "case", "Reopen", "Open the case again", "reopen", "case.reopen"),
    Key(
        "case.repeat",
        ("semicolon",),
        "case",
        "Repeat",
        "Do the last act again, on this case",
        "repeat",
    ),
    Key(
        "case.links",
        ("o",),
        "case",
        "Files and links",
        "List the attachments and links of the case",
        "links",
    ),
    Key(
        "case.copy_number", ("y",), "case", "Copy number", "Copy the case number", "copy('number')"
    ),
    Key(
        "case.copy_address",
        ("Y",),
        "case",
        "Copy address",
        "Copy the customer's address",
        "copy('address')",
    ),
    Key(
        "compose.save",
        ("ctrl+s",),
        "compose",
        "Save",
        "Save the note, or review the reply",
        "save",
    ),
    Key("compose.editor", ("f4",), "compose", "Editor", "Write in $EDITOR", "editor"),
    Key(
        "compose.leave",
        ("escape",),
        "compose",
        "Leave",
        "Back to the case; the draft is kept",
        "leave",
    ),
    Key("review.copy", ("c",), "review", "Copy", "Copy the text of the reply", "copy"),
    Key(
        "review.open",
        ("o",),
        "review",
        "Mail program",
        "Open it in the mail program; the command is shown first",
        "open_mail",
    ),
    Key("review.write", ("f",), "review", "Write a file", "Write it as an .eml file", "write_file"),
    Key("review.edit", ("e",), "review", "Edit", "Go on writing", "edit"),
    Key(
        "review.keep",
        ("p", "escape", "q"),
        "review",
        "Keep the draft",
        "Close; the draft is kept",
        "keep",
    ),
    Key("finder.open", ("enter",), "finder", "Open", "Open the customer", "open"),
    Key("finder.down", ("down", "ctrl+n"), "finder", "Next", "Next hit", "move(1)"),
    Key("finder.up", ("up",), "finder", "Previous", "Hit before", "move(-1)"),
    Key(
        "finder.page_down",
        ("pagedown",),
        "finder",
        "Page down",
        "A page of hits down",
        "page(1)",
    ),
    Key(
        "finder.page_up",
        ("pageup",),
        "finder",
        "Page up",
        "A page of hits up",
        "page(-1)",
    ),
    Key(
        "finder.close",
        ("escape", "f1"),
        "finder",
        "Close",
        "Close; nothing is changed",
        "close",
    ),
    Key("find.hit", ("enter",), "find", "Open", "Open the entry in its case", "open"),
    Key("find.down", ("down", "ctrl+n"), "find", "Next", "Next hit", "move(1)"),
    Key("find.up", ("up",), "find", "Previous", "Hit before", "move(-1)"),
    Key(
        "find.page_down",
        ("pagedown",),
        "find",
        "Page down",
        "A page of hits down",
        "page(1)",
    ),
    Key("find.page_up", ("pageup",), "find", "Page up", "A page of hits up", "page(-1)"),
    Key("find.close", ("escape",), "find", "Close", "Back to where I was", "close"),
    Key(
        "picker.accept",
        ("enter",),
        "picker",
        "Accept",
        "Take what is under the cursor",
        "accept",
    ),
    Key("picker.down", ("down", "ctrl+n"), "picker", "Next", "One line down", "move(1)"),
    Key("picker.up", ("up",), "picker", "Previous", "One line up", "move(-1)"),
    Key(
        "picker.close",
        ("escape",),
        "picker",
        "Close",
        "Close; nothing is changed",
        "close",
    ),
    Key(
        "tags.toggle",
        ("space",),
        "toggles",
        "Toggle",
        "Set or take away this tag",
        "set",
    ),
    Key("help.down", ("j", "down"), "help", "Down", "One line down", "line(1)"),
    Key("help.up", ("k", "up"), "help", "Up", "One line up", "line(-1)"),
    Key("help.page_down", ("pagedown", "space"), "help", "Page down", "A page down", "page(1)"),
    Key("help.page_up", ("pageup",), "help", "Page up", "A page up", "page(-1)"),
    Key(
        "help.close",
        ("escape", "q", "question_mark", "f1", "enter"),
        "help",
        "Close",
        "Close the help",
        "close",
    ),
    Key("welcome.demo", ("d",), "welcome", "Demo", "Try it with made-up customers", "demo"),
    Key(
        "welcome.import",
        ("i",),
        "welcome",
        "Import",
        "Import a mailbox or a chat export",
        "import_file",
    ),
    Key("welcome.open", ("o",), "welcome", "Open", "Open a store that exists", "open_path"),
    Key("welcome.quit", ("q", "ctrl+q"), "welcome", "Quit", "Leave", "quit"),
)
