// Files embedded as text. Each pattern names one file name, so that importing any other stylesheet or script is an
// error.
declare module '*/client.css' {
  const text: string
  export = text
}

declare module '*/look.css' {
  const text: string
  export = text
}

declare module '*/worker.js' {
  const text: string
  export = text
}

declare module '*/client.js' {
  const text: string
  export = text
}
