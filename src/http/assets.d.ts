// Files that are embedded as text. The patterns name them one by one: any other stylesheet or script would be a mistake.
declare module '*/client.css' {
  const text: string
  export = text
}

declare module '*/look.css' {
  const text: string
  export = text
}

declare module '*/client.js' {
  const text: string
  export = text
}
