// Starts aimock with the answers that the tests ask for, prints its address.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, host: "127.0.0.1", chunkSize: 8 });
mock.on(
  { userMessage: "write notes", hasToolResult: false },
  {
    content: "I will write it down.",
    toolCalls: [{ name: "write_file", arguments: { path: "notes.md", content: "# From aimock\n" } }],
  },
);
mock.on({ userMessage: "write notes", hasToolResult: true }, { content: "The notes are **written**." });
mock.on({ userMessage: "think" }, { content: "Forty-two.", reasoning: "Let me think about it." });
mock.on(
  { userMessage: "cut off" },
  { content: "word ".repeat(200) },
  { truncateAfterChunks: 20, latency: 15 },
);
mock.onMessage("connection was lost", { content: "and the rest." });
mock.on(
  { userMessage: "be limited" },
  { error: { message: "slow down", type: "rate_limit_error" }, status: 429 },
);
// A model that learns: a person's taste, an answer by the lessons in the prompt, a learner's form.
const TASTE = "Hop, skip and jump to what comes next!";
const textOf = (content) =>
  typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
const lastText = (request) => textOf(request.messages.at(-1).content);
const systemOf = (request) =>
  request.messages.filter((m) => m.role === "system").map((m) => textOf(m.content)).join("\n");
mock.on(
  { predicate: (request) => request.tools?.some((t) => t.function.name === "report_preferences") },
  (request) => {
    const entries = JSON.parse(lastText(request)).feedback.entries;
    const wish = {
      kind: "style", topic: "playful", value: "wanted", text: "Write like this: playful language.",
      when: "", scope: "global", evidence: entries.map((entry) => entry.id),
    };
    return { toolCalls: [{ name: "report_preferences", arguments: { preferences: [wish] } }] };
  },
);
mock.on({ systemMessage: "You play a person" }, (request) => ({
  content: lastText(request).includes(TASTE) ? lastText(request) : `${lastText(request)}\n${TASTE}`,
}));
mock.on({ model: "learns" }, (request) => ({
  content: "Here is what you asked for, in the usual order." +
    (systemOf(request).includes("playful language") ? `\n${TASTE}` : ""),
}));
mock.onMessage("hello", { content: "Hello from aimock, 你好。" });
await mock.start();
console.log(mock.url);
