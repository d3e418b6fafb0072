"""What the demo model says: it is honest about being one, and shows the whole way of working."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aigc_desktop.agent.demo import learner

_CJK = re.compile("[\u3400-\u9fff]")
_WANTS_FILE = re.compile(
    r"write|create|make|save|generate|draft|file|report|table|csv|page|plan|list"
    r"|写|创建|生成|保存|文件|报告|表格|文档|网页|计划|清单|制作|做一",
    re.IGNORECASE,
)
_WANTS_RUN = re.compile(r"\brun\b|command|shell|execute|运行|命令|执行", re.IGNORECASE)
_NAMED_FILE = re.compile(r"[\w-]+\.(?:md|txt|csv|html|json|py)\b")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: text, and at most one tool call."""

    text: str
    thinking: str = ""
    tool: str = ""
    input: Mapping[str, Any] = field(default_factory=dict)


def reply_to(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[str], system: str = ""
) -> Reply:
    """Return the answer to a conversation in the API's form. The same input, the same answer."""
    request, results = _situation(messages)
    if learner.FORM in tools:
        return Reply("", tool=learner.FORM, input=learner.preferences(request))
    if system.startswith(learner.JUDGE):
        return Reply(learner.verdict(request))
    chinese = bool(_CJK.search(request))
    name = _file_name(request, chinese)
    if results and results[-1].get("is_error"):
        return _after_refusal(chinese)
    if _WANTS_RUN.search(request) and "run_command" in tools:
        return _command(request, chinese) if not results else _after_command(results, chinese)
    if _WANTS_FILE.search(request) and "write_file" in tools:
        return _file_steps(request, name, len(results), chinese)
    return Reply(_TALK_ZH if chinese else _TALK_EN)


def _situation(
    messages: Sequence[Mapping[str, Any]],
) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the newest request and the tool results that came since.

    A result beside the request answers a call of before: one that was stopped, or not run.
    """
    results: list[Mapping[str, Any]] = []
    for message in reversed(messages):
        if message["role"] != "user":
            continue
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        if texts:
            return texts[-1], results
        results[:0] = [block for block in blocks if block["type"] == "tool_result"]
    return "", results


def _file_name(request: str, chinese: bool) -> str:
    named = _NAMED_FILE.search(request)
    if named:
        return named.group()
    return "演示报告.md" if chinese else "demo-report.md"


def _file_steps(request: str, name: str, done: int, chinese: bool) -> Reply:
    if done == 0:
        return Reply(
            (_BEFORE_ZH if chinese else _BEFORE_EN).format(name=name),
            thinking=(_THINKING_ZH if chinese else _THINKING_EN).format(name=name),
            tool="write_file",
            input={"path": name, "content": _content(name, request, chinese)},
        )
    if done == 1:
        text = (
            f"我读一遍 `{name}`，确认内容。"
            if chinese
            else f"Let me read `{name}` back to check it."
        )
        return Reply(text, tool="read_file", input={"path": name})
    return Reply((_AFTER_ZH if chinese else _AFTER_EN).format(name=name))


def _content(name: str, request: str, chinese: bool) -> str:
    quoted = " ".join(request.split())[:200]
    suffix = name.rpartition(".")[2]
    if suffix == "csv":
        return "month,amount\n2026-01,1200\n2026-02,1350\n2026-03,1290\n"
    if suffix == "json":
        return '{\n  "made_by": "demo model",\n  "items": [1, 2, 3]\n}\n'
    if suffix == "py":
        return 'print("Hello from the demo model")\n'
    if suffix == "html":
        title = "演示" if chinese else "Demo"
        return f"<!doctype html>\n<meta charset=utf-8>\n<title>{title}</title>\n<h1>{title}</h1>\n"
    return (_REPORT_ZH if chinese else _REPORT_EN).format(request=quoted)


def _command(request: str, chinese: bool) -> Reply:
    quoted = re.search(r"`([^`]+)`", request)
    command = quoted.group(1) if quoted else "ls -la && date"
    text = "我运行这个命令：" if chinese else "I will run this command:"
    return Reply(text, tool="run_command", input={"command": command})


def _after_command(results: Sequence[Mapping[str, Any]], chinese: bool) -> Reply:
    output = str(results[-1].get("content", ""))[:600]
    lead = "命令运行完毕，输出如下：" if chinese else "The command has run. Its output:"
    note = _NOTE_ZH if chinese else _NOTE_EN
    return Reply(f"{lead}\n\n```text\n{output}\n```\n\n{note}")


def _after_refusal(chinese: bool) -> Reply:
    return Reply(_REFUSED_ZH if chinese else _REFUSED_EN)


_NOTE_EN = (
    "> This is the **demo model**: its words are written in advance. Tools and files are real."
)
_NOTE_ZH = "> 这是**演示模型**：它说的话是预先写好的，但工具和文件都是真实的。"

_THINKING_EN = (
    "The user wants something written. I will put it into {name} in the work directory, read it "
    "back, and sum up what I did."
)
_THINKING_ZH = "用户想要一份文件。我把它写进工作目录里的 {name}，再读一遍核对，最后总结。"

_BEFORE_EN = "I will write this to `{name}` in the work directory. You will be asked first."
_BEFORE_ZH = "我会把内容写到工作目录里的 `{name}`。写入之前会先征求你的同意。"

_REFUSED_EN = (
    "That step did not go through, so I changed nothing further. Tell me what you would like "
    "instead.\n\n" + _NOTE_EN
)
_REFUSED_ZH = "这一步没有完成，所以我没有再改动任何东西。请告诉我你希望怎么做。\n\n" + _NOTE_ZH

_AFTER_EN = (
    """\
Done. The file is in the work directory; the **Files** panel shows it.

| Step | What happened |
| --- | --- |
| 1 | wrote `{name}` after you allowed it |
| 2 | read it back to check |

- [x] file written
- [x] content checked
- [ ] connect a real model in **Settings** for real answers

"""
    + _NOTE_EN
)
_AFTER_ZH = (
    """\
完成了。文件在工作目录里，**文件**面板可以看到它。

| 步骤 | 做了什么 |
| --- | --- |
| 1 | 得到你的允许后写入 `{name}` |
| 2 | 读回来核对 |

- [x] 写入文件
- [x] 核对内容
- [ ] 在**设置**里连接真正的模型，得到真正的回答

"""
    + _NOTE_ZH
)

_REPORT_EN = """\
# Demo report

You asked: {request}

## What this shows

1. The agent asked before it wrote this file.
2. The file is in your work directory.
3. The conversation is stored; close the program and it is still there.

Written by the demo model of AIGC Desktop.
"""
_REPORT_ZH = """\
# 演示报告

你的请求：{request}

## 这说明了什么

1. 智能体在写入这个文件之前征求了同意。
2. 文件在你的工作目录里。
3. 对话已经保存：关闭程序再打开，它还在。

由 AIGC Desktop 的演示模型写成。
"""

_TALK_EN = """\
I am the **demo model**. My words are written in advance, but everything around them is real: the \
client, the stream, the tools, the approvals and the files.

## Try the main job

1. Ask me to *write a report* (or name a file, such as `notes.md`).
2. Allow the tool call when its card asks you.
3. Find the file in the **Files** panel.

You can also ask me to *run a command*. A code block looks like this:

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"
```

For real answers, enter an Anthropic key or a server in **Settings**.
"""
_TALK_ZH = """\
我是**演示模型**。我说的话是预先写好的，但周围的一切都是真实的：客户端、流式传输、工具、授权和文件。

## 试一试

1. 请我*写一份报告*（也可以指定文件名，例如 `notes.md`）。
2. 工具卡片询问时，选择允许。
3. 在**文件**面板里找到它。

也可以请我*运行一个命令*。代码块是这样显示的：

```python
def greet(name: str) -> str:
    return f"你好，{name}！"
```

想要真正的回答，请在**设置**里填写 Anthropic 密钥或服务器地址。
"""
