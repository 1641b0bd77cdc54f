import { ApprovalList, type ApprovalListDeps } from './approval-list'
import { ApprovalRequests, type ApprovalRequestsDeps } from './approval-requests'
import { Approvals, type ApprovalsDeps } from './approvals'

/** Creates the parts of the core that concern approvals. */
export function createApprovals(deps: ApprovalsDeps & ApprovalRequestsDeps & ApprovalListDeps) {
  return {
    approvals: new Approvals(deps),
    approvalRequests: new ApprovalRequests(deps),
    approvalList: new ApprovalList(deps),
  }
}
