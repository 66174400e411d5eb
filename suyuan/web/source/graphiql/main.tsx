import "./workers";
import "monaco-graphql/esm/monaco-editor.js";
import "monaco-graphql/esm/lite.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import example from "./example.graphql";
import headers from "./headers.jsonc";

// Relative to the page, so that the server may sit below a path prefix.
const endpoint = new URL("graphql", document.baseURI);
const subscriptionEndpoint = new URL(endpoint);
subscriptionEndpoint.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

const fetcher = createGraphiQLFetcher({
  url: endpoint.href,
  subscriptionUrl: subscriptionEndpoint.href,
  enableIncrementalDelivery: false,
});

function Page() {
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultQuery={example.trim()}
      defaultHeaders={headers.trim()}
      defaultEditorToolsVisibility="headers"
    >
      <GraphiQL.Logo>
        <a className="graphiql-logo-link" href="./">
          溯源 Suyuan
        </a>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

const root = document.getElementById("graphiql");
if (root === null) {
  throw new Error('The page has no element with id "graphiql".');
}
createRoot(root).render(<Page />);
