// A phone: opens the address that it was handed in a window of its size, lets itself in as its owner would by a tap,
// and says as JSON what it sees then. A program of its own, so that it runs in the network of the phone.
import { BrowserPage, phone } from '../support/browser'

const [address = ''] = process.argv.slice(2)
await using page = await BrowserPage.open(address, phone)
await page.becomes("document.readyState === 'complete'")
await page.click('#enter')
await page.becomes('!document.getElementById("done").hidden')
const seen = {
  page: await page.value('location.href'),
  who: await page.value('document.getElementById("who").textContent'),
  me: await page.value('fetch("/v1/auth/me").then((answer) => answer.json())'),
  next: await page.value(
    '[...document.querySelectorAll("#done a")].map((link) => [link.pathname, link.textContent])',
  ),
}
console.log(JSON.stringify(seen))
