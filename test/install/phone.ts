// A phone: opens the given address in a window of its size, signs in with a tap, and prints what it sees as JSON. It is a
// separate program, so that it can run in the network of the phone.
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
